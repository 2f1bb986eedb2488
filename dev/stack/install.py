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
STYLES = ROOT / "templates" / "_styles" / "staff.css"
STYLE_SHEET = ROOT / "static" / "build" / "staff.css"
# Tailwind makes rules for the class names it finds in these.
STYLED_SOURCES = (
    "templates/**/*.html",
    "templates/**/*.css",
    "*/views/**/*.py",
    "*/forms.py",
    "*/templatetags/*.py",
)

OLDEST_PYTHON = (3, 11)
NEWER_PYTHONS = ("python3.14", "python3.13", "python3.12", "python3.11")
# Packages 900 MB, pip's own copies while it works, and data.
NEEDED_BYTES = 2_500_000_000

# What pip's output says, and what it means. The first match counts.
FAILURES = (
    ("No space left on device", "the disk is full"),
    (
        "DO NOT MATCH THE HASHES",
        "a package is not the one that was locked: do not use it, and tell the maintainers",
    ),
    ("Temporary failure in name resolution", "the package index cannot be reached: is there a network?"),
    ("Name or service not known", "the package index cannot be reached: is there a network?"),
    ("nodename nor servname", "the package index cannot be reached: is there a network?"),
    ("NewConnectionError", "the package index cannot be reached: is there a network?"),
    ("Network is unreachable", "the package index cannot be reached: is there a network?"),
    ("Max retries exceeded", "the package index cannot be reached: is there a network?"),
    ("Read timed out", "the package index does not answer"),
    ("Permission denied", "some of .venv belongs to another user"),
    ("requires a different Python", "a locked package does not run on this Python"),
)
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
    wanted = digest([LOCK]) + f" {version_of(PYTHON)}"
    if stamp.exists() and stamp.read_text() == wanted:
        return
    names = re.findall(r"^[A-Za-z0-9._-]+(?:\[[^]]*])?==", LOCK.read_text(), re.MULTILINE)
    began = time.monotonic()
    say(f"Installing {len(names)} packages (about a minute the first time) ..")
    options = ["--disable-pip-version-check", "--no-input", "--progress-bar", "off", "--retries", "2"]
    command = [str(PYTHON), "-m", "pip", "install", *options, "--require-hashes", "-r", str(LOCK)]
    code, output = run_with_progress(command, len(names))
    if code:
        explain("the packages could not be installed", output)
    stamp.write_text(wanted)
    say(f"Installed in {time.monotonic() - began:.0f} s.")


def build_styles() -> None:
    if not STYLES.exists():
        say(f"No style sheet to build: {STYLES.relative_to(ROOT)} does not exist.")
        return
    sources = [LOCK, *(path for pattern in STYLED_SOURCES for path in ROOT.glob(pattern))]
    stamp, wanted = STYLE_SHEET.with_suffix(".stamp"), digest(sources)
    if STYLE_SHEET.exists() and stamp.exists() and stamp.read_text() == wanted:
        return
    STYLE_SHEET.parent.mkdir(parents=True, exist_ok=True)
    tailwind = str(VENV / "bin" / "tailwindcss")
    built = run([tailwind, "--input", str(STYLES), "--output", str(STYLE_SHEET), "--minify"])
    if built.returncode:
        explain("the style sheet could not be built", built.stdout)
    stamp.write_text(wanted)
    say(f"Built {STYLE_SHEET.relative_to(ROOT)}.")


def run_with_progress(command: list[str], packages: int) -> tuple[int, str]:
    """Pip's output is read for errors and counted for progress; it is shown only on failure."""
    lines: list[str] = []
    seen = 0
    with subprocess.Popen(
        command, cwd=ROOT, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        for line in process.stdout or ():
            lines.append(line.rstrip())
            seen += line.startswith(("Collecting ", "Requirement already satisfied"))
            unpacking = line.startswith("Installing collected")
            show_step("unpacking" if unpacking else f"{min(seen, packages)}/{packages}")
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
    """Without what would lead pip or Python to another environment than ours."""
    foreign = {"PYTHONHOME", "PYTHONPATH", "PIP_TARGET", "PIP_PREFIX", "PIP_USER", "VIRTUAL_ENV"}
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
    for sign, meaning in FAILURES:
        if sign in output:
            stop(f"{what}: {meaning}")
    stop(f"{what}:\n" + "\n".join(output.splitlines()[-LINES_SHOWN:]))


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
