"""`make run`."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from config.settings.env import load_dotenv
from dev.embedded.postgres import postgres
from dev.embedded.server import Server, ServerProblem, claimed, free_port, held_port
from dev.embedded.valkey import valkey
from dev.stack import plan
from dev.stack.children import Running, StackProblem, Stage, Surroundings, Task, check_disk, check_given_servers
from dev.stack.guardian import Guardian
from dev.stack.output import Console
from dev.stack.plan import write_private

WATCH_SECONDS = 0.2
# A worker ends its task in this time; the servers below need the rest of the ten seconds that people wait for
# Ctrl-C.
STOP_SECONDS = 7
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
WEB_PORT = 8000


class StopAsked(BaseException):
    """A signal asked us to stop; raised wherever we are, so every `with` on the way ends what it began."""


@contextlib.contextmanager
def stopped_by_signals() -> Iterator[None]:
    """Within it the first signal raises StopAsked; later ones do nothing: stopping has its own limit."""

    def ask(_number: int, _frame: FrameType | None) -> None:
        for number in SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        raise StopAsked

    before = {number: signal.signal(number, ask) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def running(stages: Sequence[Stage], surroundings: Surroundings) -> Iterator[list[Running]]:
    """Start all stages, each ready before the next; yields what runs. All of it has ended when this ends.

    Raises: StackProblem
    """
    started: list[list[Running]] = []
    try:
        for stage in stages:
            everyone = [program for programs in started for program in programs]
            if isinstance(stage, Task):
                started.append([Running(stage, surroundings)])
                started[-1][0].wait_done(everyone)
                started.pop()[0].kill()
            else:
                surroundings.console.say(f"Starting {', '.join(child.name for child in stage)} ..")
                started.append([])
                for child in stage:
                    started[-1].append(Running(child, surroundings))
                for program in started[-1]:
                    program.wait_ready(everyone + started[-1])
        yield [program for programs in started for program in programs]
    finally:
        for programs in reversed(started):
            stop(programs)


def watch(programs: Sequence[Running], servers: Sequence[Server]) -> None:
    """Return never; raises StackProblem when one of them ends."""
    while True:
        for program in programs:
            program.check_alive()
        for server in servers:
            server.check_alive()
        time.sleep(WATCH_SECONDS)


def stop(programs: Sequence[Running], seconds: float = STOP_SECONDS) -> None:
    for program in programs:
        program.ask_to_stop()
    deadline = time.monotonic() + seconds
    wait_for(lambda: all(program.process.poll() is not None for program in programs), until=deadline)
    for program in programs:
        program.kill()


def wait_for(happened: Callable[[], bool], *, until: float) -> None:
    while not happened() and time.monotonic() < until:
        time.sleep(0.05)


@dataclass(frozen=True, slots=True)
class Place:
    """A clone: where the programs run, and where what they keep lies."""

    root: Path

    @property
    def var(self) -> Path:
        return self.root / "var"


def run(place: Place, *, port: int = WEB_PORT, plan_stages: plan.Planner = plan.wardbook) -> int:
    """Run the stack until a signal or the end of one of its programs; returns the exit code."""
    console = Console()
    try:
        with stopped_by_signals():
            _run(place, console, port, plan_stages)
    except StopAsked:
        console.say("Stopped.")
        return 0
    except (StackProblem, ServerProblem) as problem:
        console.fail(f"Wardbook stopped: {problem}")
    except OSError as problem:
        console.fail(f"Wardbook stopped: {problem.strerror}: {problem.filename or place.var}")
    return 1


def _run(place: Place, console: Console, port: int, plan_stages: plan.Planner) -> None:
    var, log_dir = place.var, place.var / "log"
    log_dir.mkdir(parents=True, exist_ok=True)
    check_disk(var)
    given = dict(os.environ)
    load_dotenv(place.root / ".env", into=given)
    check_given_servers(given)
    with contextlib.ExitStack() as everything:
        lock = everything.enter_context(claimed(var))
        (var / "stack.json").unlink(missing_ok=True)
        everything.callback((var / "stack.json").unlink, missing_ok=True)
        console.say("Starting PostgreSQL and Valkey ..")
        servers = everything.enter_context(servers_of(given, var, log_dir))
        # Until the end: whoever asks for a port, in whatever clone, is given another one.
        web_port = everything.enter_context(held_port(port))
        if web_port != port:
            console.say(f"Port {port} is taken; the web address is http://127.0.0.1:{web_port} this time.")
        addresses = choose_addresses(given, servers, web_port)
        env = plan.environment(given, addresses, var)
        guardian = Guardian(lock)
        everything.callback(guardian.close)
        surroundings = Surroundings(place.root, log_dir, env, lock, guardian, console)
        programs = everything.enter_context(running(plan_stages(env, addresses, var), surroundings))
        announce(addresses, env, var, console)
        console.is_live = True
        # Entered last, left first: while stopping, the programs' last words are in their logs.
        everything.callback(setattr, console, "is_live", False)
        watch(programs, list(servers.values()))


@contextlib.contextmanager
def servers_of(given: Mapping[str, str], var: Path, log_dir: Path) -> Iterator[dict[str, Server]]:
    """The embedded servers for those addresses that the environment does not name."""
    with contextlib.ExitStack() as started:
        servers = {}
        if not given.get("DATABASE_URL"):
            servers["DATABASE_URL"] = started.enter_context(postgres(var / "postgres", log=log_dir / "postgres.log"))
        if not given.get("REDIS_URL"):
            servers["REDIS_URL"] = started.enter_context(valkey(var / "valkey", log=log_dir / "valkey.log"))
        yield servers


def choose_addresses(given: Mapping[str, str], servers: Mapping[str, Server], web_port: int) -> plan.Addresses:
    return plan.Addresses(
        web_port=web_port,
        calcom_port=None if given.get("CALCOM_API_URL") else free_port(),
        # A key alone is of the real one, whose address is the settings' default.
        vapi_port=None if given.get("VAPI_API_URL") or given.get("VAPI_API_KEY") else free_port(),
        database=servers["DATABASE_URL"].url if "DATABASE_URL" in servers else given["DATABASE_URL"],
        redis=servers["REDIS_URL"].url if "REDIS_URL" in servers else given["REDIS_URL"],
    )


def announce(addresses: plan.Addresses, env: Mapping[str, str], var: Path, console: Console) -> None:
    calcom, vapi = env.get("CALCOM_API_URL"), env.get("VAPI_API_URL")
    stack = {"web": addresses.web, "calcom": calcom, "vapi": vapi}
    write_private(var / "stack.json", stack | {"database": addresses.database, "redis": addresses.redis})
    signins = var / "demo_signins.txt"
    console.say(
        "\n".join(
            [
                "",
                "Wardbook is ready.",
                f"  staff     {addresses.web}/staff/",
                f"  admin     {addresses.web}/admin/",
                f"  patients  {addresses.web}/api/docs/",
                f"  Cal.com   {calcom}{' (simulated)' if addresses.calcom else ''}",
                f"  Vapi      {vapi or 'https://api.vapi.ai'}{' (simulated)' if addresses.vapi else ''}",
                "",
                *([signins.read_text().rstrip(), ""] if signins.exists() else []),
                f"Every address: {var / 'stack.json'}. Logs: {var / 'log'}. Ctrl-C stops everything.",
                "",
            ]
        )
    )
