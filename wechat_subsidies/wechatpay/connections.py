"""Connections that know whether the first byte of a request was written.

Whether a failed call may have been carried out must not be guessed from the kind of exception: a
reset can come before the request or after it. So the connection establishes everything first (TCP,
a proxy's CONNECT, TLS) and then, at the last moment, asks the call in hand whether it may begin.
"""

import http.client
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from requests import Response
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from .deadlines import Call, Connected, SlotPassed, watchdog

__all__ = ["ObservingAdapter", "StaleConnection", "in_hand"]

MAX_IDLE = 7.0  # seconds; WeChat Pay closes a connection that is idle for 8


class StaleConnection(Exception):
    """A kept connection is dead, and nothing was written to it; no OSError, as TooLate is none."""


_call: ContextVar[Call] = ContextVar("wechatpay_call")


@contextmanager
def in_hand(call: Call) -> Iterator[None]:
    """Make ``call`` the one that this thread's connections report to, and watch its deadline."""
    token = _call.set(call)
    try:
        watchdog.watch(call)
        yield
    finally:
        watchdog.release(call)
        call.finish()
        _call.reset(token)


class ObservedConnection(HTTPConnection):
    """A connection that reports to the call in hand, and grows stale."""

    _gathered: list[bytes] | None = None  # what a request consists of, while it is put together
    _is_establishing = False
    _is_kept = False
    _is_spared = False
    _last_used = 0.0

    @property
    def is_connected(self) -> bool:
        """Whether it may be used again: open at the other end too, and not idle for too long."""
        return self._is_fresh and super().is_connected

    @property
    def _is_fresh(self) -> bool:
        return self.sock is not None and time.monotonic() - self._last_used < MAX_IDLE

    def _new_conn(self) -> socket.socket:
        sock = super()._new_conn()
        _call.get().attach(sock)
        return sock

    def connect(self) -> None:
        """Establish everything there is to establish; what is sent meanwhile is no request."""
        self._is_establishing = True
        self._is_kept = False
        try:
            super().connect()
        finally:
            self._is_establishing = False
        self._last_used = time.monotonic()

    def request(self, *args: Any, **kwargs: Any) -> None:
        """Send a request: its head and its body by one write, which is one record of TLS and one packet.

        Raises StaleConnection if the connection died since the pool handed it out.
        """
        gathered: list[bytes] = []
        self._gathered = gathered
        try:
            super().request(*args, **kwargs)
        finally:
            self._gathered = None
        self._write(b"".join(gathered))

    def send(self, data: Any) -> None:
        """Send what establishes the connection; of a request, gather it."""
        if self._is_establishing:
            super().send(data)
        elif self._gathered is not None:
            self._gathered.append(data)
        else:  # by no urllib3 so far, but nothing is to be sent that its call does not know of
            self._write(data)

    def _write(self, data: Any) -> None:
        """Write a request, whole as a rule, and mark its call immediately before the first byte."""
        call = _call.get()
        if not call.first_byte_written:
            if self.sock is None:
                self.connect()
            self._begin(call)
        elif self.sock is None:  # http.client would go on with what was begun on a new connection
            raise http.client.NotConnected
        super().send(data)

    def _begin(self, call: Call) -> None:
        try:
            call.wait_for_slot()
            if self._is_kept and not self.is_connected:
                raise StaleConnection
            call.begin_writing(self.sock)
        except (SlotPassed, Connected):
            self._is_kept = self._is_spared = True
            call.spared = self
            raise

    def close(self) -> None:
        """Close it; one to which its call was merely too late to write stays open, for the next."""
        if not self._is_spared:
            super().close()
            return
        self._is_spared = False
        sock, self.sock = self.sock, None
        # Not urllib3's: only the request that was begun is to be forgotten, not how TLS was verified.
        http.client.HTTPConnection.close(self)
        self.sock = sock

    def getresponse(self) -> Any:
        """The answer; the time of idleness is counted from its head on."""
        self._last_used = time.monotonic()
        self._is_kept = True
        return super().getresponse()


class ObservedTLSConnection(ObservedConnection, HTTPSConnection):
    """The same over TLS."""

    @property
    def is_connected(self) -> bool:
        """Whether it may be used again.

        After TLS 1.3's handshake a server sends session tickets. To who looks for something to read
        they look like the end of the connection, until they have been read.
        """
        return super().is_connected or (self._is_fresh and self._has_only_tickets())

    def _has_only_tickets(self) -> bool:
        timeout = self.sock.gettimeout()
        self.sock.settimeout(0)
        try:
            self.sock.recv(1)
        except ssl.SSLWantReadError:
            return True
        except OSError:
            return False
        else:
            return False  # its end, or an answer to nothing
        finally:
            self.sock.settimeout(timeout)


class ObservedPool(HTTPConnectionPool):
    """A pool of observed connections."""

    ConnectionCls = ObservedConnection

    def _put_conn(self, conn: Any) -> None:
        # From here on it may be another call's, which must not be cut at this one's deadline.
        call = _call.get()
        call.finish()
        spared, call.spared = call.spared, None
        super()._put_conn(conn or spared)


class ObservedTLSPool(ObservedPool, HTTPSConnectionPool):
    """A pool of observed connections over TLS."""

    ConnectionCls = ObservedTLSConnection


class ObservingAdapter(HTTPAdapter):
    """The adapter of requests on observed connections, straight or through an HTTP proxy.

    It is one host's: all it is given goes there by the same way and with the same trust.
    """

    _pool: Any = None
    _trusting: Any = None
    _pool_classes = {"http": ObservedPool, "https": ObservedTLSPool}

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Make the pool manager, with our pools."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = self._pool_classes

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        """Make the proxy's pool manager, with our pools."""
        manager = super().proxy_manager_for(proxy, **kwargs)
        manager.pool_classes_by_scheme = self._pool_classes
        return manager

    def get_connection_with_tls_context(self, *args: Any, **kwargs: Any) -> Any:
        """The pool of the host. To look it up anew costs a twentieth of a call."""
        pool = self._pool
        if pool is None:
            pool = self._pool = super().get_connection_with_tls_context(*args, **kwargs)
        return pool

    def request_url(self, request: Any, proxies: Any) -> Any:
        """What the request line names. Only of a proxied http request is that more than the path."""
        if proxies:
            return super().request_url(request, proxies)
        return request.path_url

    def cert_verify(self, conn: Any, url: Any, verify: Any, cert: Any) -> None:
        """Tell the pool whom to trust, once: to look for the file at every call costs more."""
        if conn is not self._trusting:
            super().cert_verify(conn, url, verify, cert)  # type: ignore[no-untyped-call]
            self._trusting = conn

    def build_response(self, req: Any, resp: Any) -> Any:
        """What is read of an answer, without what nobody asks for: cookies, and an encoding guessed."""
        response = Response()
        response.status_code, response.raw = resp.status, resp
        response.headers = CaseInsensitiveDict(resp.headers)
        response.request, response.url = req, req.url
        return response

    def close(self) -> None:
        """Close the connections; a later call opens new ones, in a new pool."""
        # urllib3 closes those of a pool when nobody refers to it any more.
        self._pool = self._trusting = None
        super().close()
