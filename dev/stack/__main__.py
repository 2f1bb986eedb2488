"""`python -m dev.stack run|status`: everything Wardbook needs, started in order, watched, and stopped together."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from dev.embedded.server import is_claimed
from dev.stack.run import WEB_PORT, Place, run

ROOT = Path(__file__).resolve().parents[2]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m dev.stack")
    commands = parser.add_subparsers(dest="command", required=True)
    running = commands.add_parser("run", help="start everything and stay")
    running.add_argument("--port", type=int, default=WEB_PORT, help="of the web address, if free")
    commands.add_parser("status", help="say where a running stack is reached")
    args = parser.parse_args()
    if args.command == "run":
        return run(Place(ROOT), port=args.port)
    return status(Place(ROOT))


def status(place: Place) -> int:
    addresses = place.var / "stack.json"
    if not addresses.exists() or not is_claimed(place.var):
        print("not running")
        return 1
    for name, address in json.loads(addresses.read_text()).items():
        print(f"{name:<10}{address or '-'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
