"""The connection that one request came in on, with everything that may go wrong on it."""

import selectors
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from cheroot.server import HTTPConnection, HTTPRequest

from wechat_subsidies.sandbox.messages import Answer

_TICK = 0.02


class Connection(HTTPConnection):
    """A connection that can also end in a reset."""

    reset = False

    def close(self) -> None:
        """Close it, by RST instead of FIN where a reset was asked for."""
        if self.reset:
            self.rfile.close()
            linger = struct.pack("ii", 1, 0)
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self.socket.close()
        else:
            super().close()


class Wire:
    """Answers one request, well or badly.

    `witness` is told what happens in fields of the ledger, each time before the client can know:
    whoever has an answer in hand finds it in the ledger.
    """

    def __init__(self, request: HTTPRequest, *, stopping: threading.Event) -> None:
        # Any, because cheroot's stubs call `status` a str, where its code joins bytes.
        self._request: Any = request
        self._stopping = stopping
        self._missing = 0
        self.witness: Callable[..., None] = lambda **facts: None

    def send(self, answer: Answer) -> None:
        """Send the whole answer."""
        self.send_head(answer)
        self.send_bytes(answer.body)

    def send_head(self, answer: Answer) -> None:
        """Send the status line and the headers, with the Content-Length of the whole body."""
        request = self._request
        phrase = HTTPStatus(answer.status).phrase
        request.status = f"{answer.status} {phrase}".encode()
        headers = [*answer.headers, ("Content-Length", str(len(answer.body)))]
        if not request.close_connection:
            # WeChat Pay says it too, and some clients go by it.
            headers.append(("Keep-Alive", f"timeout={request.server.timeout}"))
        request.outheaders.extend((name.encode(), value.encode()) for name, value in headers)
        self.witness(status=answer.status, code=answer.code)
        self._count(len(answer.body))
        request.ensure_headers_sent()

    def send_bytes(self, data: bytes) -> None:
        """Send a piece of the body."""
        self._count(-len(data))
        if self._request.method != b"HEAD":
            self._request.write(data)

    def close(self) -> None:
        """End the connection after this request, without another byte."""
        self._request.sent_headers = True
        self._request.close_connection = True

    def reset(self) -> None:
        """End the connection by RST, without another byte."""
        self.close()
        self._request.conn.reset = True

    def wait(self, seconds: float | None, *, released: threading.Event) -> bool:
        """Wait until the time is over (None: without end) or until released.

        Returns False, at once, if there is nobody left to answer: the client has gone or the
        server is stopping.
        """
        until = float("inf") if seconds is None else time.monotonic() + seconds
        while not released.is_set() and (left := until - time.monotonic()) > 0:
            if self._stopping.is_set() or self._client_has_gone():
                return False
            released.wait(min(left, _TICK))
        return not self._stopping.is_set()

    def _count(self, missing: int) -> None:
        self._missing += missing
        if not self._missing:
            now = time.time()
            self.witness(answered_at=now, ended_at=now)

    def _client_has_gone(self) -> bool:
        sock = self._request.conn.socket
        try:
            if not _is_readable(sock):
                return False
            # Over TLS a closing client sends an alert, and there is no peeking behind it.
            return isinstance(sock, ssl.SSLSocket) or not sock.recv(1, socket.MSG_PEEK)
        except OSError:
            return True


def _is_readable(sock: socket.socket) -> bool:
    with selectors.DefaultSelector() as selector:
        selector.register(sock, selectors.EVENT_READ)
        return bool(selector.select(0))
