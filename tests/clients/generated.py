"""Clients as openapi-generator makes them of `docs/openapi.yaml`, kept under `var/` until one of the two changes."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

from django.conf import settings

PACKAGE = "openapi-generator-cli"
_QUICK = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")
_CODE_ONLY = "--global-property=apiTests=false,modelTests=false,apiDocs=false,modelDocs=false"


def generated(language: str, *options: str) -> Path:
    """The folder of a client; `language` is a generator's name."""
    openapi = Path(settings.BASE_DIR) / "docs" / "openapi.yaml"
    made_of = b"\0".join([openapi.read_bytes(), version(PACKAGE).encode(), *(option.encode() for option in options)])
    folder = Path(settings.BASE_DIR) / "var" / "clients" / language
    noted = folder / "made-of"
    digest = hashlib.blake2b(made_of, digest_size=16).hexdigest()
    if not noted.exists() or noted.read_text() != digest:
        shutil.rmtree(folder, ignore_errors=True)
        jar = str(files("openapi_generator_cli") / "openapi-generator.jar")
        command = ["java", *_QUICK, "-jar", jar, "generate", "-i", str(openapi), "-g", language, "-o", str(folder)]
        done = subprocess.run([*command, _CODE_ONLY, *options], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
        noted.write_text(digest)
    return folder
