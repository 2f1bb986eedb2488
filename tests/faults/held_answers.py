"""A way to PostgreSQL that can lose the answer to a statement: it has its effect, and nobody hears of it."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from urllib.parse import urlsplit, urlunsplit

CHUNK = 65_536


class Line:
    """Passes bytes on both ways. Armed with a text, it keeps back all answers from when somebody sends that text."""

    def __init__(self, database_url: str) -> None:
        self._parts = urlsplit(database_url)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._held_text: bytes | None = None
        self._sockets: list[socket.socket] = []
        self.is_holding = threading.Event()
        threading.Thread(target=self._accept, name="line", daemon=True).start()

    @property
    def url(self) -> str:
        """The database's, by way of this line."""
        people, _, _ = self._parts.netloc.rpartition("@")
        return urlunsplit(self._parts._replace(netloc=f"{people}@127.0.0.1:{self._listener.getsockname()[1]}"))

    def hold_answers_to(self, text: str) -> None:
        self._held_text = text.encode()

    def close(self) -> None:
        self._listener.close()
        for one in self._sockets:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _address = self._listener.accept()
                far = socket.create_connection(("127.0.0.1", self._parts.port or 5432))
                self._sockets += [near, far]
                is_held = threading.Event()
                for source, target, asks in ((near, far, True), (far, near, False)):
                    threading.Thread(target=self._carry, args=(source, target, is_held, asks), daemon=True).start()

    def _carry(self, source: socket.socket, target: socket.socket, is_held: threading.Event, asks: bool) -> None:
        with contextlib.suppress(OSError):
            while chunk := source.recv(CHUNK):
                if asks and self._held_text and self._held_text in chunk:
                    is_held.set()  # before the question goes out, so that no answer slips past
                    self.is_holding.set()
                if asks or not is_held.is_set():
                    target.sendall(chunk)
        with contextlib.suppress(OSError):
            target.shutdown(socket.SHUT_RDWR)


@contextlib.contextmanager
def line_to(database_url: str) -> Iterator[Line]:
    line = Line(database_url)
    try:
        yield line
    finally:
        line.close()
