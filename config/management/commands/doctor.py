from __future__ import annotations

import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from config import heartbeats
from config.installation.registry import Level, Result
from config.installation.report import report

MARKS = {Level.OK: "ok", Level.WARNING: "warning", Level.BROKEN: "broken"}


class Command(BaseCommand):
    help = (
        "Say what is wrong with this installation, and what to do. Ends with 0 where all is well, with 1 where there "
        "are warnings, with 2 where something is broken."
    )
    # What is wrong is to be said, not to stop the command that says it.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--offline", action="store_true", help="ask no vendor")
        parser.add_argument("--json", action="store_true", dest="as_json", help="for programs")
        parser.add_argument("--node", help="only whether this worker or beat is at work: celery@host, beat@host")

    def handle(self, *args: Any, offline: bool, as_json: bool, node: str | None, **options: Any) -> None:
        if node:
            return _require_alive(node)
        results = []
        for result in report(is_offline=offline):
            results.append(result)
            if not as_json:
                self._tell(result)
        worst = max(result.level for result in results)
        if as_json:
            self.stdout.write(_as_json(results, worst))
        sys.exit(worst)

    def _tell(self, result: Result) -> None:
        for finding in result.findings:
            self.stdout.write(f"{MARKS[finding.level]:<8}{result.check:<14}{finding.text}")
            if finding.hint:
                self.stdout.write(f"{'':<22}{finding.hint}")


def _require_alive(node: str) -> None:
    if not any(process.node == node and process.is_alive for process in heartbeats.processes()):
        raise CommandError(f"{node} is not at work", returncode=int(Level.BROKEN))


def _as_json(results: list[Result], worst: Level) -> str:
    checks = [
        {"check": result.check, "level": MARKS[finding.level], "text": finding.text, "hint": finding.hint}
        for result in results
        for finding in result.findings
    ]
    return json.dumps({"level": MARKS[worst], "checks": checks}, indent=2)
