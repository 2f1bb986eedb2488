"""What is run with Node: the linters of the API's description, and the compiler for its TypeScript client.

Installed under `var/` from `package-lock.json`; the product needs none of it, and its image does not hold it.
"""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
INSTALLED = ROOT / "var" / "node_tools"
# No scripts of packages: one of them counts its users.
_INSTALL = ("npm", "ci", "--ignore-scripts", "--omit=optional", "--no-audit", "--no-fund", "--silent")


def has_npm() -> bool:
    return shutil.which("npm") is not None and shutil.which("node") is not None


def digest_of(*paths: Path) -> str:
    return hashlib.blake2b(b"\0".join(path.read_bytes() for path in paths), digest_size=16).hexdigest()


def installed() -> Path:
    """The folder of the tools' commands, which are installed first if they are not, or not as locked.

    Raises: subprocess.CalledProcessError.
    """
    INSTALLED.mkdir(parents=True, exist_ok=True)
    digest, noted = digest_of(HERE / "package-lock.json"), INSTALLED / "installed"
    with (INSTALLED / "lock").open("w") as lock:
        # Several tests at once may need them.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not noted.exists() or noted.read_text() != digest:
            for name in ("package.json", "package-lock.json"):
                shutil.copy(HERE / name, INSTALLED)
            subprocess.run(_INSTALL, cwd=INSTALLED, check=True)
            noted.write_text(digest)
    return INSTALLED / "node_modules" / ".bin"
