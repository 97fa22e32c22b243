"""A server on a bare socket, so that a test decides about every byte and every silence."""

import contextlib
import json
import socket
import ssl
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass

LINGER_ZERO = struct.pack("ii", 1, 0)


@dataclass(frozen=True)
class Request:
    line: str
    headers: dict[str, str]
    body: bytes

    @property
    def method(self) -> str:
        return self.line.split(" ")[0]

    @property
    def path(self) -> str:
        return self.line.split(" ")[1]


Handler = Callable[["Connection", Request], None]


class Connection:
    def __init__(self, sock: socket.socket, stopped: threading.Event) -> None:
        self.sock = sock
        self.stopped = stopped

    def answer(
        self,
        status: int = 200,
        body: bytes = b"{}",
        *,
        headers: dict[str, str] | None = None,
        length: int | None = None,
    ) -> None:
        lines = [f"HTTP/1.1 {status} Whatever", f"Content-Length: {length or len(body)}"]
        lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
        self.sock.sendall("\r\n".join([*lines, "", ""]).encode() + body)

    def write(self, data: bytes) -> None:
        self.sock.sendall(data)

    def hang(self) -> None:
        self.stopped.wait(10)

    def drip(self) -> None:
        for _ in range(200):  # 10 s
            if self.stopped.wait(0.05):
                return
            self.sock.sendall(b" ")

    def reset(self) -> None:
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_ZERO)
        # Not close(), which waits for the file that requests are read from.
        socket.close(self.sock.detach())


class Server:
    """Serves ``handler`` until the test is over; ``first`` has a connection before its TLS."""

    def __init__(
        self,
        handler: Handler,
        *,
        tls: ssl.SSLContext | None = None,
        first: Callable[[Connection], None] | None = None,
        listener: socket.socket | None = None,
    ) -> None:
        self.requests: list[Request] = []
        self.connections = 0
        self._handler, self._tls, self._first = handler, tls, first
        self._stopped = threading.Event()
        self._sockets: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._listener = listener or socket.create_server(("127.0.0.1", 0))
        self.host = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self.url = f"{'https' if tls else 'http'}://{self.host}"
        self._spawn(self._accept)

    def stop(self) -> None:
        self._stopped.set()
        _shut(self._listener)
        for sock in self._sockets:
            _shut(sock)
        for thread in self._threads:
            thread.join()

    def close_connections(self) -> None:
        """End those that are open; others may be opened."""
        for sock in self._sockets:
            _shut(sock)

    def stop_listening(self) -> None:
        """From here on connecting is refused; connections that are there stay."""
        _shut(self._listener)
        self._threads[0].join()

    def _spawn(self, target: Callable[..., None], *args: object) -> None:
        thread = threading.Thread(target=target, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with self._listener:
            while not self._stopped.is_set():
                try:
                    sock, _ = self._listener.accept()
                except OSError:
                    return
                self.connections += 1
                self._sockets.append(sock)
                self._spawn(self._serve, sock)

    def _serve(self, sock: socket.socket) -> None:
        try:
            if self._first:
                self._first(Connection(sock, self._stopped))
            if self._tls:
                sock = self._tls.wrap_socket(sock, server_side=True)
                self._sockets.append(sock)
            with sock, sock.makefile("rb") as stream:
                # OpenSSL would go on reading from the number of a socket that was reset: another's by now.
                while sock.fileno() >= 0 and (request := _read(stream)):
                    self.requests.append(request)
                    self._handler(Connection(sock, self._stopped), request)
        except (OSError, ValueError):
            pass
        finally:
            sock.close()


def _shut(sock: socket.socket) -> None:
    with contextlib.suppress(OSError):
        # Not SSLSocket's: its TLS state belongs to the thread that is using it.
        socket.socket.shutdown(sock, socket.SHUT_RDWR)


def _read(stream: object) -> Request | None:
    line = stream.readline().decode().strip()
    headers = {}
    while field := stream.readline().decode().strip():
        name, _, value = field.partition(": ")
        headers[name] = value
    if not line:
        return None
    return Request(line, headers, stream.read(int(headers.get("Content-Length", 0))))


def as_json(**fields: object) -> bytes:
    return json.dumps(fields, ensure_ascii=False).encode()
