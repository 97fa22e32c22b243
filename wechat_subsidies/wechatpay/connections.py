"""Connections that know whether the first byte of a request was written.

Whether a failed call may have been carried out must not be guessed from the kind of exception: a
reset can come before the request or after it. So the connection establishes everything first (TCP,
a proxy's CONNECT, TLS) and then, at the last moment, asks the call in hand whether it may begin.
"""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from .deadlines import Call, watchdog

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

    _is_establishing = False
    _is_kept = False
    _last_used = 0.0

    @property
    def is_connected(self) -> bool:
        """Whether it may be used again: open at the other end too, and not idle for too long."""
        return time.monotonic() - self._last_used < MAX_IDLE and super().is_connected

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

    def send(self, data: Any) -> None:
        """Send, and mark the call immediately before the first byte of its request.

        Raises StaleConnection if the connection died since the pool handed it out.
        """
        if not self._is_establishing and not _call.get().first_byte_written:
            if self.sock is None:
                self.connect()
            if self._is_kept and not self.is_connected:
                raise StaleConnection
            _call.get().begin_writing(self.sock)
        super().send(data)

    def getresponse(self) -> Any:
        """The answer; the time of idleness is counted from its head on."""
        self._last_used = time.monotonic()
        self._is_kept = True
        return super().getresponse()


class ObservedTLSConnection(ObservedConnection, HTTPSConnection):
    """The same over TLS."""


class ObservedPool(HTTPConnectionPool):
    """A pool of observed connections."""

    ConnectionCls = ObservedConnection

    def _put_conn(self, conn: Any) -> None:
        # From here on it may be another call's, which must not be cut at this one's deadline.
        _call.get().finish()
        super()._put_conn(conn)


class ObservedTLSPool(ObservedPool, HTTPSConnectionPool):
    """A pool of observed connections over TLS."""

    ConnectionCls = ObservedTLSConnection


class ObservingAdapter(HTTPAdapter):
    """The adapter of requests on observed connections, straight or through an HTTP proxy."""

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
