"""One short run of `wrk` against one address."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

THREADS = 2
MARK = "RESULT "
SCRIPT = """\
local threads, started, messages = %(threads)d, 0, {}
function setup(thread)
  thread:set("first", started)
  started = started + 1
end
function init(args)
%(headers)s
  local file = "%(messages)s"
  if file ~= "" then
    wrk.method = "POST"
    wrk.headers["Content-Type"] = "application/json"
    for line in io.lines(file) do messages[#messages + 1] = line end
  end
  turn = first
end
function request()
  if #messages == 0 then return wrk.format() end
  local line = messages[turn %% #messages + 1]
  turn = turn + threads
  wrk.headers["X-Cal-Signature-256"] = line:sub(1, 64)
  return wrk.format(nil, nil, nil, line:sub(65))
end
function done(summary, latency, requests)
  local e = summary.errors
  print(string.format('%(mark)s{"requests": %%d, "micros": %%d, "p50": %%d, "p99": %%d, "bad": %%d, "lost": %%d}',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), e.status,
    e.connect + e.read + e.write + e.timeout))
end
"""


class NoLoadTool(Exception):
    """The message is for people."""


@dataclass(frozen=True, slots=True)
class Run:
    """`p50_ms` and `p99_ms` over all requests of the run; `wrong` counts answers that were not 2xx, or none at all."""

    rate: float
    p50_ms: float
    p99_ms: float
    wrong: int


def binary() -> str:
    """Raises: NoLoadTool"""
    found = shutil.which("wrk")
    if found is None:
        raise NoLoadTool("`wrk` is not installed: it makes the load. Hint: apt install wrk, or brew install wrk.")
    return found


def run(
    url: str,
    *,
    headers: Mapping[str, str],
    messages: Sequence[tuple[str, str]] = (),
    seconds: float,
    connections: int,
) -> Run:
    """`messages` are signature and body of what is posted, a new one each time."""
    with tempfile.TemporaryDirectory(prefix="wardbook-bench-") as directory:
        script = _script(Path(directory), headers, messages)
        load = [f"-t{THREADS}", f"-c{connections}", f"-d{max(1, round(seconds))}s", "-s", str(script), url]
        output = subprocess.run([binary(), *load], capture_output=True, text=True, check=True).stdout
    line = next(line for line in output.splitlines() if line.startswith(MARK))
    said = json.loads(line.removeprefix(MARK))
    return Run(
        rate=said["requests"] / said["micros"] * 1e6,
        p50_ms=said["p50"] / 1000,
        p99_ms=said["p99"] / 1000,
        wrong=said["bad"] + said["lost"],
    )


def _script(directory: Path, headers: Mapping[str, str], messages: Sequence[tuple[str, str]]) -> Path:
    listed = "\n".join(f"  wrk.headers[{json.dumps(name)}] = {json.dumps(value)}" for name, value in headers.items())
    posted = directory / "messages.txt"
    if messages:
        posted.write_text("".join(f"{signature}{body}\n" for signature, body in messages))
    script = directory / "load.lua"
    script.write_text(
        SCRIPT % {"threads": THREADS, "headers": listed, "messages": posted if messages else "", "mark": MARK}
    )
    return script
