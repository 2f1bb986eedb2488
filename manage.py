#!/usr/bin/env python
from __future__ import annotations

import os
import sys

# A command is gone before anybody asks what it counted, and its file would stay.
os.environ.pop("PROMETHEUS_MULTIPROC_DIR", None)

from django.core.management import execute_from_command_line

from config.startup_errors import run_or_explain


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    run_or_explain(main)
