"""A stack of tiny programs under the real supervisor: `python -m tests.faults.fake_stack ROOT PORT [fault]`."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from dev.stack.children import Child, Stage, Task, answers_as
from dev.stack.plan import Addresses
from dev.stack.run import Place, run

PREPARE = """
import os, psycopg
with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
    connection.execute("CREATE TABLE IF NOT EXISTS runs (n serial)")
    connection.execute("INSERT INTO runs DEFAULT VALUES")
    print("run", connection.execute("SELECT count(*) FROM runs").fetchone()[0])
"""

WEB = """
import http.server, os, sys
class Server(http.server.ThreadingHTTPServer):
    allow_reuse_port = True
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("X-Instance", os.environ["INSTANCE_ID"])
        self.end_headers()
Server(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""

# Ends a task after the signal to stop, and leaves a process of its own behind.
WORKER = """
import pathlib, signal, subprocess, sys, time
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
subprocess.Popen(["sleep", "600"])
print("worker is ready.", flush=True)
signal.sigwait({signal.SIGTERM})
time.sleep(0.5)
pathlib.Path(sys.argv[1], "var", "task-finished").touch()
"""

DIES = """
import time
print("starting")
time.sleep(1.5)
for number in range(30):
    print("line", number)
raise SystemExit(3)
"""

CANNOT_IMPORT = "import no_such_module_of_ours"
DISK_FULL = "import errno, os; raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), 'somewhere')"
HANGS = """
import signal
for number in (signal.SIGTERM, signal.SIGQUIT):
    signal.signal(number, signal.SIG_IGN)
print("deaf", flush=True)
while True:
    signal.pause()
"""
FAULTS = {"hangs": HANGS, "dies": DIES, "cannot-import": CANNOT_IMPORT, "disk-full": DISK_FULL}


def python(script: str, *args: str) -> tuple[str, ...]:
    return (sys.executable, "-u", "-c", script, *args)


def plan(fault: str | None, root: Path, env: Mapping[str, str], addresses: Addresses, _var: Path) -> list[Stage]:
    web = python(WEB, str(addresses.web_port))
    children = [
        Child("web", web, is_ready=partial(answers_as, env["INSTANCE_ID"], f"{addresses.web}/readyz")),
        Child("worker", python(WORKER, str(root)), ready_text=" ready."),
    ]
    if fault:
        children.append(Child("faulty", python(FAULTS[fault])))
    return [
        (Child("calcom", python(WEB, str(addresses.calcom_port))),),
        Task("prepare", python(PREPARE)),
        tuple(children),
    ]


if __name__ == "__main__":
    root, port, *fault = sys.argv[1:]
    chosen = fault[0] if fault else None
    sys.exit(run(Place(Path(root)), port=int(port), plan_stages=partial(plan, chosen, Path(root))))
