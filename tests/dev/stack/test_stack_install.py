from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

from dev.stack import install


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A clone whose `.venv` holds shell scripts; each notes its arguments in `calls`."""
    for name, place in {
        "ROOT": tmp_path,
        "VENV": tmp_path / ".venv",
        "PYTHON": tmp_path / ".venv" / "bin" / "python",
        "LOCK": tmp_path / "requirements-dev.txt",
        "UV_LOCK": tmp_path / "requirements-uv.txt",
        "UV": tmp_path / ".venv" / "bin" / "uv",
        "STYLES": tmp_path / "templates" / "_styles",
        "BUILT": tmp_path / "static" / "build",
    }.items():
        monkeypatch.setattr(install, name, place)
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    install.LOCK.write_text("one==1 \\\n    --hash=sha256:00\ntwo[extra]==2 \\\n    --hash=sha256:00\n")
    install.UV_LOCK.write_text("uv==3 \\\n    --hash=sha256:00\n")
    return tmp_path


def program(path: Path, *, says: str = "", code: int = 0, does: str = "") -> None:
    calls = install.ROOT / "calls"
    path.write_text(f"#!/bin/sh\necho \"$@\" >> '{calls}'\ncat <<'END'\n{says}\nEND\n{does}\nexit {code}\n")
    path.chmod(0o755)


def calls(clone: Path) -> list[str]:
    return (clone / "calls").read_text().splitlines()


def message_of(capsys: pytest.CaptureFixture[str]) -> str:
    return capsys.readouterr().err


def test_the_script_runs_on_old_pythons_and_without_packages() -> None:
    tree = ast.parse(Path(install.__file__).read_text(), feature_version=(3, 8))
    imported = {
        alias.name.partition(".")[0] for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names
    } | {(node.module or "").partition(".")[0] for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert imported <= sys.stdlib_module_names


def test_an_old_python_is_told_what_to_do(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(install, "OLDEST_PYTHON", (99, 1))
    monkeypatch.setattr(install, "NEWER_PYTHONS", ())
    with pytest.raises(SystemExit):
        install.use_new_enough_python()
    have = sys.version.split()[0]
    assert message_of(capsys) == (
        f"Wardbook needs Python 99.1 or newer; {sys.executable} is {have}. Hint: make install PYTHON=python99.1\n"
    )


PIP = "-m pip install --disable-pip-version-check --no-input --progress-bar off --retries 2 --require-hashes"


def pip_gets_uv() -> str:
    return f"{PIP} --quiet --only-binary :all: -r {install.UV_LOCK}"


def uv_gets_all() -> str:
    return f"pip install --system-certs --python {install.PYTHON} --require-hashes -r {install.LOCK}"


def installing(clone: Path) -> list[str]:
    return [call for call in calls(clone) if "pip install" in call]


def test_packages_are_installed_once_for_a_lock_and_a_python(clone: Path, capsys: pytest.CaptureFixture[str]) -> None:
    program(install.PYTHON, says="3.11 fake")
    program(install.UV)
    install.install_packages()
    assert capsys.readouterr().out.splitlines()[0] == "Installing 2 packages (up to a minute the first time) .."
    assert installing(clone) == [pip_gets_uv(), uv_gets_all()]
    install.install_packages()
    assert capsys.readouterr().out == ""
    install.LOCK.write_text("one==3\n")
    install.install_packages()
    install.UV_LOCK.write_text("uv==4\n")
    install.install_packages()
    assert installing(clone) == [pip_gets_uv(), uv_gets_all()] * 3


def test_where_uv_has_no_wheel_pip_installs_all(clone: Path) -> None:
    no_wheel = "ERROR: No matching distribution found for uv==3"
    program(install.PYTHON, does=f"case \"$*\" in *only-binary*) echo '{no_wheel}'; exit 1;; esac")
    install.install_packages()
    assert installing(clone) == [pip_gets_uv(), f"{PIP} -r {install.LOCK}"]


def test_an_index_that_only_pip_knows_is_used(clone: Path) -> None:
    program(install.PYTHON)
    program(install.UV, says="error: Request failed after 3 retries\n  cause: client error (Connect)", code=2)
    install.install_packages()
    assert installing(clone) == [pip_gets_uv(), uv_gets_all(), f"{PIP} -r {install.LOCK}"]


NO_INDEX = "the package index cannot be reached: is there a network?"
FORGED = "a package is not the one that was locked: do not use it, and tell the maintainers"


@pytest.mark.parametrize(
    ("said", "meaning"),
    [
        ("ERROR: Could not install packages: [Errno 28] No space left on device", "the disk is full"),
        (
            "WARNING: Retrying after NewConnectionError('Temporary failure in name resolution'): /simple/uv/\n"
            "ERROR: No matching distribution found for uv==3",
            NO_INDEX,
        ),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.", FORGED),
    ],
)
def test_what_kept_pip_from_installing_is_named(
    clone: Path, capsys: pytest.CaptureFixture[str], said: str, meaning: str
) -> None:
    program(install.PYTHON, says=f"Collecting uv\n{said}\nTraceback", code=1)
    assert_refused(capsys, meaning)
    assert installing(clone) == [pip_gets_uv()]


@pytest.mark.parametrize(
    ("said", "meaning"),
    [
        (
            "error: Failed to install: one-1.whl (one==1)\n"
            "  cause: failed to copy file from /a to /b: No space left on device (os error 28)",
            "the disk is full",
        ),
        ("error: Failed to download `one==1`\n  cause: Hash mismatch for `one==1`", FORGED),
        (
            "error: Failed to initialize cache at `/nonexistent/.cache/uv`\n"
            "  cause: failed to create directory `/nonexistent/.cache/uv`: Permission denied (os error 13)",
            "uv cannot write its cache. Hint: UV_CACHE_DIR=/a/directory make install",
        ),
        (
            "error: Failed to inspect Python interpreter from provided path at `.venv/bin/python`\n"
            "  cause: failed to canonicalize path `.venv/bin/python`: Permission denied (os error 13)",
            "some of .venv belongs to another user",
        ),
        (
            "error: No solution found when resolving dependencies\n"
            "  cause: Because the current Python version (3.11.7) does not satisfy Python>=3.12 and one==1",
            "a locked package does not run on this Python",
        ),
    ],
)
def test_what_kept_uv_from_installing_is_named(
    clone: Path, capsys: pytest.CaptureFixture[str], said: str, meaning: str
) -> None:
    program(install.PYTHON)
    program(install.UV, says=f"Resolved 2 packages in 1ms\n{said}", code=2)
    assert_refused(capsys, meaning)
    assert installing(clone) == [pip_gets_uv(), uv_gets_all()]


def test_without_a_network_pip_is_asked_too_and_its_answer_named(
    clone: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    program(install.PYTHON, does="case \"$*\" in *only-binary*) exit 0;; *pip*) echo 'Read timed out'; exit 1;; esac")
    for cause in ("dns error\n  cause: Name or service not known", "operation timed out"):
        program(install.UV, says=f"error: Request failed after 3 retries in 8.4s\n  cause: {cause}", code=2)
        assert_refused(capsys, "the package index does not answer")
    assert installing(clone) == [pip_gets_uv(), uv_gets_all(), f"{PIP} -r {install.LOCK}"] * 2


def assert_refused(capsys: pytest.CaptureFixture[str], meaning: str) -> None:
    with pytest.raises(SystemExit) as ended:
        install.install_packages()
    assert ended.value.code == 1
    assert message_of(capsys) == f"the packages could not be installed: {meaning}\n"
    assert not (install.VENV / "installed-lock").exists()


def test_a_python_without_venv_is_told_what_to_install(
    clone: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == "ensurepip" else object())
    with pytest.raises(SystemExit):
        install.make_venv()
    assert message_of(capsys) == (
        "this Python cannot make virtual environments. Hint: on Debian and Ubuntu, apt install python3-venv\n"
    )


def test_a_directory_that_is_no_venv_is_left_alone(clone: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        install.make_venv()
    assert message_of(capsys) == f"{install.VENV} is in the way: it is no virtual environment\n"
    assert (install.VENV / "bin").exists()


def test_the_style_sheets_are_built_when_a_source_changed(clone: Path, capsys: pytest.CaptureFixture[str]) -> None:
    install.build_styles()
    assert capsys.readouterr().out == "No style sheets to build: templates/_styles does not exist.\n"
    program(install.VENV / "bin" / "tailwindcss", does='touch "$4"')
    program(install.VENV / "bin" / "pyftsubset", does='for last; do :; done; touch "${last#--output-file=}"')
    font = install.VENV / "lib/python3.11/site-packages/unfold/static/unfold/fonts/material-symbols/a.woff2"
    font.parent.mkdir(parents=True)
    font.touch()
    install.STYLES.mkdir(parents=True)
    (install.STYLES / "staff.css").write_text("@import 'tailwindcss';")
    for _ in range(2):
        install.build_styles()
    (clone / "templates" / "page.html").write_text("<p class='p-4'>")
    install.build_styles()
    built = [
        *(f"--input {install.STYLES / name} --output {install.BUILT / name} --minify" for name in install.STYLE_SHEETS),
        f"{font} --glyphs-file={install.STYLES / 'icons.txt'} --unicodes=20,5F,61-7A --no-layout-closure"
        f" --drop-tables+=FFTM --flavor=woff2 --output-file={install.BUILT / 'icons.woff2'}",
    ]
    assert calls(clone) == [*built, *built]
    assert capsys.readouterr().out == "Built the style sheets in static/build.\n" * 2
