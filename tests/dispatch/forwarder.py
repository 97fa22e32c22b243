"""A way to a broker that can be cut: for its clients that is a broker which is restarted."""

import contextlib
import socket
import threading
from urllib.parse import urlsplit


class Forwarder:
    """Forwards what comes to `port` to the server of `url`, as long as it is not cut."""

    def __init__(self, url: str, *, default_port: int) -> None:
        address = urlsplit(url)
        self._server = (address.hostname or "127.0.0.1", address.port or default_port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.url = address._replace(netloc=self._netloc(address.netloc)).geturl()
        self._open: set[socket.socket] = set()
        self._is_cut = False
        threading.Thread(target=self._accept, daemon=True).start()

    def _netloc(self, netloc: str) -> str:
        login, at, _ = netloc.rpartition("@")
        return f"{login}{at}127.0.0.1:{self.port}"

    def cut(self) -> None:
        """End all connections, and accept no more."""
        self._is_cut = True
        for each in list(self._open):
            self._end(each)

    def mend(self) -> None:
        """Forward again."""
        self._is_cut = False

    def close(self) -> None:
        self.cut()
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                if self._is_cut:
                    client.close()
                    continue
                server = socket.create_connection(self._server)
                self._open |= {client, server}
                for way in ((client, server), (server, client)):
                    threading.Thread(target=self._forward, args=way, daemon=True).start()

    def _forward(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while some := source.recv(65536):
                target.sendall(some)
        self._end(source)
        self._end(target)

    def _end(self, each: socket.socket) -> None:
        self._open.discard(each)
        with contextlib.suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)
        each.close()
