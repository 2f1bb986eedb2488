"""`make install`: the virtual environment, the locked packages, the style sheet; each only if out of date.

Run by the system's Python (`python3 dev/stack/install.py`) before anything is installed: standard library
only, and readable by Pythons too old for the rest, so that they can say so.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
LOCK = ROOT / "requirements-dev.txt"
# uv alone: pip installs it, and it installs the rest in a tenth of pip's time.
UV_LOCK = ROOT / "requirements-uv.txt"
UV = VENV / "bin" / "uv"
STYLES = ROOT / "templates" / "_styles"
BUILT = ROOT / "static" / "build"
STYLE_SHEETS = ("staff.css", "portal.css")
# The admin theme's font has 3,800 icons and 290 kB; pages name some thirty of them.
ICON_FONT = "lib/python*/site-packages/unfold/static/unfold/fonts/material-symbols/*.woff2"
ICONS = "icons.woff2"
# Tailwind makes rules for the class names it finds in these.
STYLED_SOURCES = (
    "templates/**/*.html",
    "templates/**/*.css",
    "templates/_styles/icons.txt",
    "clinical/*/*views.py",
    "clinical/dashboard/*.py",
    "static/staff/*.js",
)

OLDEST_PYTHON = (3, 11)
NEWER_PYTHONS = ("python3.14", "python3.13", "python3.12", "python3.11")
# Packages 900 MB, the installer's own copies, and data.
NEEDED_BYTES = 2_500_000_000

UNREACHABLE = "the package index cannot be reached: is there a network?"
SILENT = "the package index does not answer"
FORGED = "a package is not the one that was locked: do not use it, and tell the maintainers"
WRONG_PYTHON = "a locked package does not run on this Python"
# What the output of uv or pip says, and what it means. The first match counts.
FAILURES = (
    ("No space left on device", "the disk is full"),
    ("DO NOT MATCH THE HASHES", FORGED),
    ("Hash mismatch for", FORGED),
    ("Temporary failure in name resolution", UNREACHABLE),
    ("Name or service not known", UNREACHABLE),
    ("nodename nor servname", UNREACHABLE),
    ("NewConnectionError", UNREACHABLE),
    ("Network is unreachable", UNREACHABLE),
    ("Max retries exceeded", UNREACHABLE),
    ("client error (Connect)", UNREACHABLE),
    ("Read timed out", SILENT),
    ("operation timed out", SILENT),
    ("Failed to initialize cache", "uv cannot write its cache. Hint: UV_CACHE_DIR=/a/directory make install"),
    ("Permission denied", "some of .venv belongs to another user"),
    ("requires a different Python", WRONG_PYTHON),
    ("does not satisfy Python", WRONG_PYTHON),
)
# uv knows nothing of an index that pip.conf names: pip is asked then.
PIP_MAY_KNOW = (UNREACHABLE, SILENT)
NO_WHEEL = "No matching distribution found for uv"
LINES_SHOWN = 15


def main() -> None:
    use_new_enough_python()
    if not PYTHON.exists() or not is_new_enough(PYTHON):
        make_venv()
    install_packages()
    build_styles()


def use_new_enough_python() -> None:
    if sys.version_info >= OLDEST_PYTHON:
        return
    for name in NEWER_PYTHONS:
        found = shutil.which(name)
        if found:
            os.execv(found, [found, *sys.argv])
    have, need = sys.version.split()[0], ".".join(map(str, OLDEST_PYTHON))
    stop(f"Wardbook needs Python {need} or newer; {sys.executable} is {have}. Hint: make install PYTHON=python{need}")


def is_new_enough(python: Path) -> bool:
    check = f"import sys; sys.exit(sys.version_info < {OLDEST_PYTHON})"
    return subprocess.run([str(python), "-c", check], stderr=subprocess.DEVNULL).returncode == 0


def make_venv() -> None:
    if importlib.util.find_spec("venv") is None or importlib.util.find_spec("ensurepip") is None:
        stop("this Python cannot make virtual environments. Hint: on Debian and Ubuntu, apt install python3-venv")
    if VENV.exists() and not (VENV / "pyvenv.cfg").exists() and any(VENV.iterdir()):
        stop(f"{VENV} is in the way: it is no virtual environment")
    free = shutil.disk_usage(ROOT).free
    if free < NEEDED_BYTES:
        stop(f"the disk that holds {ROOT} has {free // 10**6} MB left; the packages need {NEEDED_BYTES // 10**6} MB")
    made = run([sys.executable, "-m", "venv", "--clear", str(VENV)])
    if made.returncode:
        explain("the virtual environment could not be made", made.stdout)


def install_packages() -> None:
    stamp = VENV / "installed-lock"
    wanted = digest([LOCK, UV_LOCK]) + f" {version_of(PYTHON)}"
    if stamp.exists() and stamp.read_text() == wanted:
        return
    names = re.findall(r"^[A-Za-z0-9._-]+(?:\[[^]]*])?==", LOCK.read_text(), re.MULTILINE)
    began = time.monotonic()
    say(f"Installing {len(names)} packages (up to a minute the first time) ..")
    code, output = install_with_uv() if has_uv() else (1, "")
    if code and (not output or meaning_of(output) in PIP_MAY_KNOW):
        code, output = run_with_progress([*pip_install(), "-r", str(LOCK)], len(names))
    if code:
        explain("the packages could not be installed", output)
    stamp.write_text(wanted)
    say(f"Installed in {time.monotonic() - began:.0f} s.")


def has_uv() -> bool:
    """Installs it, unless its makers built none for this kind of machine."""
    installed = run([*pip_install(), "--quiet", "--only-binary", ":all:", "-r", str(UV_LOCK)])
    # Pip says so of an index that it cannot reach, too.
    if installed.returncode and (NO_WHEEL not in installed.stdout or meaning_of(installed.stdout)):
        explain("the packages could not be installed", installed.stdout)
    return installed.returncode == 0


def pip_install() -> list[str]:
    options = ["--disable-pip-version-check", "--no-input", "--progress-bar", "off", "--retries", "2"]
    return [str(PYTHON), "-m", "pip", "install", *options, "--require-hashes"]


def install_with_uv() -> tuple[int, str]:
    # The machine's certificates, as pip: a company's proxy may have its own.
    options = ["--system-certs", "--python", str(PYTHON), "--require-hashes", "-r", str(LOCK)]
    return run_with_progress([str(UV), "pip", "install", *options])


def build_styles() -> None:
    if not STYLES.exists():
        say(f"No style sheets to build: {STYLES.relative_to(ROOT)} does not exist.")
        return
    sources = [LOCK, *(path for pattern in STYLED_SOURCES for path in ROOT.glob(pattern))]
    stamp, wanted = BUILT / ".stamp", digest(sources)
    made = [BUILT / name for name in (*STYLE_SHEETS, ICONS)]
    if stamp.exists() and stamp.read_text() == wanted and all(path.exists() for path in made):
        return
    BUILT.mkdir(parents=True, exist_ok=True)
    for command in (*(style_sheet(name) for name in STYLE_SHEETS), icon_font()):
        built = run(command)
        if built.returncode:
            explain("the style sheets could not be built", built.stdout)
    stamp.write_text(wanted)
    say(f"Built the style sheets in {BUILT.relative_to(ROOT)}.")


def style_sheet(name: str) -> list[str]:
    tailwind = str(VENV / "bin" / "tailwindcss")
    return [tailwind, "--input", str(STYLES / name), "--output", str(BUILT / name), "--minify"]


def icon_font() -> list[str]:
    """Letters and underscore are what an icon's name is written with."""
    font = next(VENV.glob(ICON_FONT), VENV / ICON_FONT)
    made_of = [f"--glyphs-file={STYLES / 'icons.txt'}", "--unicodes=20,5F,61-7A", "--no-layout-closure"]
    return [
        str(VENV / "bin" / "pyftsubset"),
        str(font),
        *made_of,
        "--drop-tables+=FFTM",
        "--flavor=woff2",
        f"--output-file={BUILT / ICONS}",
    ]


def run_with_progress(command: list[str], packages: int = 0) -> tuple[int, str]:
    """The output is read for errors and counted for progress; it is shown only on failure.

    Pip names all of the `packages` in turn; uv names only the big ones, at the start and at the end of each.
    """
    lines: list[str] = []
    begun = ended = 0
    with subprocess.Popen(
        command, cwd=ROOT, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        for line in process.stdout or ():
            lines.append(line.rstrip())
            begun += line.startswith("Downloading ")
            ended += line.startswith(("Collecting ", "Requirement already satisfied", " Downloaded "))
            unpacking = line.startswith(("Installing collected", "Prepared "))
            if unpacking or packages or begun:
                show_step("unpacking" if unpacking else f"{ended}/{packages or begun}")
    show_step("")
    return process.returncode, "\n".join(lines)


def show_step(step: str) -> None:
    if sys.stdout.isatty():
        sys.stdout.write(f"\r  {step:<12}\r")
        sys.stdout.flush()


def run(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=ROOT, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def environment() -> dict[str, str]:
    """Without what would lead pip, uv or Python to another environment than ours."""
    foreign = {
        "PYTHONHOME",
        "PYTHONPATH",
        "PIP_TARGET",
        "PIP_PREFIX",
        "PIP_USER",
        "UV_TARGET",
        "UV_PREFIX",
        "VIRTUAL_ENV",
    }
    return {name: value for name, value in os.environ.items() if name not in foreign}


def version_of(python: Path) -> str:
    answer = run([str(python), "-c", "import sys; print(sys.version)"])
    return answer.stdout.strip()


def digest(paths: list[Path]) -> str:
    total = hashlib.sha256()
    for path in sorted(set(paths)):
        total.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes() + b"\0")
    return total.hexdigest()


def explain(what: str, output: str) -> NoReturn:
    meaning = meaning_of(output)
    stop(f"{what}: {meaning}" if meaning else f"{what}:\n" + "\n".join(output.splitlines()[-LINES_SHOWN:]))


def meaning_of(output: str) -> str:
    return next((meaning for sign, meaning in FAILURES if sign in output), "")


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def stop(message: str) -> NoReturn:
    sys.stderr.write(message + "\n")
    sys.exit(1)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        stop("Interrupted; run it again to go on.")
    except OSError as problem:
        stop(f"{problem.strerror}: {problem.filename or ROOT}")
