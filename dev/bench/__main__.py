"""`make bench`: what our addresses cost beside bare views that do the same work with nothing around it."""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from dev.bench import apply, weight, wrk
from dev.bench.applying import Applying
from dev.bench.dataset import ROOT, environment_for
from dev.bench.measure import Target, check, measure
from dev.bench.report import Line, beyond, lines, machine, table
from dev.bench.rows import API_NAMES, OURS, PAGES, WrongAnswer
from dev.bench.running import WebWorkers, running, web_server
from dev.bench.sign_in import SignInTimes, measure_sign_in
from dev.embedded.server import ServerProblem, claimed
from dev.embedded.valkey import running_valkey

VAR = ROOT / "var" / "bench"
SMALL, LARGE = 10_000, 1_000_000
NAMES = [*(row.name for row in OURS), apply.NAME]


def main() -> int:
    options = _options()
    if not any(options.only in name for name in NAMES):
        say(f"Nothing measured has {options.only!r} in its name. There are:\n  " + "\n  ".join(NAMES))
        return 1
    try:
        return _run(options)
    except (wrk.NoLoadTool, ServerProblem) as problem:
        say(str(problem))
    except WrongAnswer as problem:
        say(f"Wrong answer. {problem}")
    return 1


def _run(options: argparse.Namespace) -> int:
    wrk.binary()
    applied = apply.report(_applied(options)) if options.only in apply.NAME else []
    made = _measured(options) if any(options.only in row.name for row in OURS) else []
    for line in applied:
        say(line)
    over = beyond(made)
    for line in over:
        say(f"Missed. {line}")
    return 1 if over else 0


def _measured(options: argparse.Namespace) -> list[Line]:
    with contextlib.ExitStack() as everything:
        bench = running(everything, VAR, say=say)
        for size in [SMALL] if options.small_only else sorted({SMALL, options.appointments}):
            bench.add(size, only=options.only)
        targets = bench.targets
        workers = WebWorkers()
        if on_api := [one for one in targets if one.row.name in API_NAMES]:
            say("Measuring the API.")
            _measure(on_api, options)
            workers.after_api_mb = bench.resident_mb()
        if others := [one for one in targets if one.row.name not in API_NAMES]:
            say("Measuring webhooks and pages.")
            _measure(others, options)
            workers.after_all_mb = bench.resident_mb()
        if not options.only:
            bench.starts(workers)
        small = min(target.appointments for target in targets)
        pages = [one for one in targets if one.row.name in PAGES and one.appointments == small]
        weights = [weight.weigh(one) for one in pages]
        sign_ins = _sign_in(targets, options, everything)
    made = _report(targets, options, workers, sign_ins)
    for line in weight.report(weights) if weights else ():
        say(line)
    return made


def _measure(targets: Sequence[Target], options: argparse.Namespace) -> None:
    for target in targets:
        check(target)
    say("Every answer is right.")
    measure(targets, rounds=options.rounds, seconds=options.seconds, connections=options.connections, say=say)


def say(line: str) -> None:
    print(line, flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m dev.bench")
    parser.add_argument("--small-only", action="store_true", help=f"only the {SMALL:,} appointments")
    parser.add_argument("--appointments", type=int, default=LARGE, help="size of the large database")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3, help="of each run, in whole seconds")
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--events", type=int, default=20_000, help="stored webhooks to apply")
    parser.add_argument("--only", default="", help="rows whose name contains this, and their floors")
    return parser.parse_args()


def _applied(options: argparse.Namespace) -> Applying:
    """Before the web servers start: a database that they hold cannot be copied."""
    return apply.run(events=options.events, appointments=SMALL, say=say)


def _sign_in(
    targets: Sequence[Target], options: argparse.Namespace, everything: contextlib.ExitStack
) -> SignInTimes | None:
    """In the smallest database: what is measured is the hash and what stands around it."""
    if options.only:
        return None
    say("Signing in.")
    database = min(targets, key=lambda target: target.appointments).database
    redis = everything.enter_context(running_valkey(VAR / "valkey-sign-in", durable=False))
    environment = environment_for(database=database, redis=redis, serves="sign_in")
    lock = everything.enter_context(claimed(VAR / "sign-in"))
    server = everything.enter_context(web_server("sign-in", environment, log=VAR / "sign-in.log", lock=lock))
    return measure_sign_in(server.url, database)


def _report(
    targets: Sequence[Target], options: argparse.Namespace, workers: WebWorkers, sign_ins: SignInTimes | None
) -> list[Line]:
    made = lines(targets)
    say(f"\n{table(made)}\n\n{machine()}; {options.connections} connections.")
    for line in [*workers.lines(), *(sign_ins.lines() if sign_ins else ())]:
        say(line)
    results: Path = VAR / "results.json"
    settings = {"rounds": options.rounds, "seconds": options.seconds, "connections": options.connections}
    told = {"web_workers": asdict(workers), "sign_in": asdict(sign_ins) if sign_ins else None}
    results.write_text(json.dumps({"machine": machine(), **settings, "rows": made, **told}, indent=2) + "\n")
    say(f"Kept in {results.relative_to(ROOT)}")
    return made


if __name__ == "__main__":
    sys.exit(main())
