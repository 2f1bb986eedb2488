"""Run a command that ends when its owner does and, where asked, is not root.

A script (`python -IS leash.py --owner PID --signal N -- command ...`), standard library only. It prepares
itself and then becomes the command, so on Linux it costs no process. A `preexec_fn` would do the same in
less, but deadlocks when the owner has threads, and is lost when the owner is not Python.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import os
import pwd
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

PR_SET_PDEATHSIG = 1
PR_SET_KEEPCAPS = 8
PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE = 47, 2
CLONE_NEWUSER = 0x10000000
CAPABILITY_VERSION_3 = 0x20080522
CAP_DAC_OVERRIDE = 1

EXIT_CANNOT_STEP_DOWN = 77
OWNER_POLL_SECONDS = 0.5
GRACE_SECONDS = 10


def _call(name: str, *args: object) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if getattr(libc, name)(*args) != 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{name}: {os.strerror(code)}")


def _ordinary_account() -> pwd.struct_passwd:
    """Any account but root's: initdb wants its number to have a name, and nothing else of it is used."""
    for account in pwd.getpwall():
        if account.pw_uid != 0:
            return account
    raise OSError("there is no account but root")


def _give(directory: Path, uid: int) -> None:
    """PostgreSQL wants to own its data; what the other way of stepping down made is handed over."""
    if directory.stat().st_uid == uid:
        return
    for path in (directory, *directory.rglob("*")):
        os.chown(path, uid, -1, follow_symlinks=False)


def enter_user_namespace(account: pwd.struct_passwd) -> None:
    """Stay root outside, be somebody else inside: files keep their owner, closed directories stay open."""
    group = os.getegid()
    _call("unshare", CLONE_NEWUSER)
    # The kernel lets a process map only itself, and its groups only once it cannot change them.
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{account.pw_uid} 0 1")
    Path("/proc/self/gid_map").write_text(f"{account.pw_gid} {group} 1")


def become_account_with_file_access(account: pwd.struct_passwd) -> None:
    """Be another user that may still open every file: for containers whose filter forbids user namespaces.

    Without that capability a clone under /root (mode 0700) would be out of reach, the server's own binary
    included.
    """
    _call("prctl", PR_SET_KEEPCAPS, 1, 0, 0, 0)
    os.setgroups([])
    os.setgid(account.pw_gid)
    os.setuid(account.pw_uid)
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    bits = 1 << CAP_DAC_OVERRIDE
    # effective, permitted, inheritable; then the same for capabilities above 31, of which we keep none.
    _call("capset", header, (ctypes.c_uint32 * 6)(bits, bits, bits, 0, 0, 0))
    _call("prctl", PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_DAC_OVERRIDE, 0, 0)


WAYS: dict[str, Callable[[pwd.struct_passwd], None]] = {
    "namespace": enter_user_namespace,
    "account": become_account_with_file_access,
}


def _refusal(way: str, account: pwd.struct_passwd) -> str | None:
    """Why this way fails here, found out in a child: a way that fails in the middle cannot be undone."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            WAYS[way](account)
        except OSError as problem:
            os.write(writer, str(problem).encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as answer:
        reason = answer.read()
    os.waitpid(child, 0)
    return reason or None


def step_down(data: Path, ways: list[str]) -> None:
    """Stop being root, by the first way that works here; exits with a message when none does."""
    account = _ordinary_account()
    refusals = []
    for way in ways:
        reason = _refusal(way, account)
        if reason is None:
            _give(data, 0 if way == "namespace" else account.pw_uid)
            return WAYS[way](account)
        refusals.append(f"{way}: {reason}")
    sys.stderr.write(
        "PostgreSQL does not run as root, and this root may not become anybody else "
        f"({'; '.join(refusals)}). Run as an ordinary user, or set DATABASE_URL.\n"
    )
    sys.exit(EXIT_CANNOT_STEP_DOWN)


def stay_and_watch(owner: int, farewell: int, command: list[str]) -> int:
    """Where the kernel sends no signal at the owner's end (macOS): stay as the command's parent and look."""
    child = subprocess.Popen(command, close_fds=False)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGQUIT):
        signal.signal(number, lambda received, _frame: child.send_signal(received))
    while child.poll() is None:
        if os.getppid() != owner:
            child.send_signal(farewell)
            with contextlib.suppress(subprocess.TimeoutExpired):
                return child.wait(GRACE_SECONDS)
            child.kill()
        time.sleep(OWNER_POLL_SECONDS)
    return child.returncode


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--owner", type=int, required=True)
    parser.add_argument("--signal", type=int, required=True, help="what the command gets when the owner ends")
    parser.add_argument("--not-root", type=Path, metavar="DATA", help="data directory the command has to own")
    parser.add_argument("--ways", default=",".join(WAYS))
    parser.add_argument("command", nargs="+")
    args = parser.parse_args()

    if args.not_root and os.geteuid() == 0:
        step_down(args.not_root, args.ways.split(","))
    # A shell starts background jobs with these ignored, and what is ignored stays so through exec.
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGPIPE):
        signal.signal(number, signal.SIG_DFL)
    if sys.platform != "linux":
        sys.exit(stay_and_watch(args.owner, args.signal, args.command))
    # After stepping down: a change of user clears it.
    _call("prctl", PR_SET_PDEATHSIG, args.signal, 0, 0, 0)
    if os.getppid() != args.owner:
        sys.exit("the process that asked for this one has ended")
    os.execvp(args.command[0], args.command)


if __name__ == "__main__":
    main()
