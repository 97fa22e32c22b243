"""The web server: cheroot's threads and sockets, and our gateway behind them."""

import logging
import socket
import sys
import threading
import time
from concurrent.futures import Future
from pathlib import Path
from typing import Any, Protocol

from cheroot.server import Gateway as CherootGateway
from cheroot.server import HTTPRequest, HTTPServer
from cheroot.ssl.builtin import BuiltinSSLAdapter

from wechat_subsidies.sandbox.messages import Request
from wechat_subsidies.sandbox.wire import Connection, Wire

logger = logging.getLogger("wechat_subsidies.sandbox")

# A request that hangs occupies a thread, and so does a connection without a request yet.
THREADS = 64
_LARGEST_BODY_READ = 8 * 1024 * 1024
_LARGEST_HEADERS = 64 * 1024


class Serve(Protocol):
    """Answers one request on its wire."""

    def __call__(self, request: Request, *, wire: Wire) -> None: ...


class Server(HTTPServer):
    """Serves in threads of its own, from `start` to `stop`.

    `address` is (host, port), port 0 for any free one; `keep_alive` is in seconds; `tls` is the
    PEM files of a certificate and its key. Raises OSError if the address is taken.
    """

    def __init__(
        self,
        serve: Serve,
        *,
        address: tuple[str, int],
        keep_alive: int,
        tls: tuple[Path, Path] | None = None,
    ) -> None:
        super().__init__(
            address, _Bridge, minthreads=THREADS, server_name="wechat-subsidies-sandbox"
        )
        self.answer_request = serve
        self.stopping = threading.Event()
        self.timeout = keep_alive
        self.ConnectionClass = Connection
        self.request_queue_size = 128
        self.keep_alive_conn_limit = 10_000
        self.max_request_header_size = _LARGEST_HEADERS
        self.max_request_body_size = _LARGEST_BODY_READ
        # Stopping waits for this to come round, and then for threads that are reading.
        self.expiration_interval = 0.05
        self.shutdown_timeout = 1
        if tls:
            self.ssl_adapter = BuiltinSSLAdapter(str(tls[0]), str(tls[1]))

    @property
    def url(self) -> str:
        """Scheme, host and port, without a path."""
        host, port = self.bind_addr
        scheme = "https" if self.ssl_adapter else "http"
        return f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}"

    def start(self) -> None:
        """Bind, and serve until stopped."""
        bound: Future[None] = Future()
        # The workers inherit being daemons from this thread: who forgets to stop, exits still.
        self._thread = threading.Thread(
            target=self._run, args=[bound], name="wechatpay-sandbox", daemon=True
        )
        self._thread.start()
        bound.result()

    def _run(self, bound: "Future[None]") -> None:
        try:
            self.prepare()
        except BaseException as problem:  # noqa: BLE001  (start() waits for it, whatever it is)
            bound.set_exception(problem)
        else:
            bound.set_result(None)
            self.serve()

    def stop(self) -> None:
        """Stop promptly, whatever hangs."""
        self.stopping.set()
        super().stop()
        self._thread.join()

    @staticmethod
    def bind_socket(socket_: socket.socket, bind_addr: tuple[str, int]) -> socket.socket:
        """Bind, or close the socket, which cheroot would leave open."""
        try:
            socket_.bind(bind_addr)
        except (OSError, OverflowError):  # the latter: no port has that number
            socket_.close()
            raise
        if sys.platform != "win32":  # there it would let others take the port
            # cheroot leaves this out for a port that the system chose, which then could not be
            # bound again while old connections linger. After binding it cannot steal a port.
            socket_.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        return socket_

    def error_log(self, msg: str = "", level: int = logging.INFO, traceback: bool = False) -> None:
        """Log what cheroot would write to stderr."""
        logger.log(level, "%s", msg, exc_info=traceback)


class _Bridge(CherootGateway):
    """From cheroot's request to ours."""

    def respond(self) -> None:
        arrived: HTTPRequest = self.req
        server: Server = arrived.server
        request = _request(arrived)
        server.answer_request(request, wire=Wire(arrived, stopping=server.stopping))


def _request(arrived: HTTPRequest) -> Request:
    return Request(
        method=arrived.method.decode("latin-1"),
        target=arrived.uri.decode("latin-1"),
        headers=_headers(arrived.inheaders),
        body=arrived.rfile.read(),
        received_at=time.time(),
    )


def _headers(headers: dict[bytes, Any]) -> dict[str, str]:
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in headers.items()}
