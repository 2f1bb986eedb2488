"""Answers that went wrong on their way, alike whoever is simulated."""

from __future__ import annotations

import socket

from werkzeug.wrappers import Request, Response

HTML = "<!doctype html><title>Error</title><h1>The page of some proxy</h1>"


def html_page(status: int = 200) -> Response:
    return Response(HTML, status, mimetype="text/html")


def half_of(response: Response) -> Response:
    """It promises the whole length, and ends in the middle."""
    whole = response.get_data()
    half = Response(whole[: len(whole) // 2], response.status_code, mimetype="application/json")
    half.automatically_set_content_length = False
    half.headers["Content-Length"] = str(len(whole))
    return half


def hung_up(request: Request) -> Response:
    # The caller sees the connection end without an answer; what is returned here is written to nobody.
    connection = request.environ.get("werkzeug.socket")
    if isinstance(connection, socket.socket):
        connection.shutdown(socket.SHUT_RDWR)
    return Response(status=500)
