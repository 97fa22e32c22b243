"""When a call may begin, when it has to be over, and who sees to it.

A read timeout is no deadline: it starts anew with every byte, so that a server which drips its
answer holds a call for as long as it likes.
"""

import contextlib
import heapq
import itertools
import os
import socket
import threading
import time
from dataclasses import dataclass
from typing import Any, Self

__all__ = ["Call", "Connected", "Deadline", "SlotPassed", "TooLate"]

# Seconds by which a slot may be missed. A process that was frozen for half a second would else send
# all that it had waiting in one burst, which WeChat Pay refuses.
TOLERANCE = 0.010


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline:
    """The bounds of one call, in seconds of ``time.monotonic()``.

    No byte of a request is written after ``start_by``; at ``end_by`` its connection is cut. With a
    ``slot`` the first byte is written at that moment, on a connection made before, or not at all.
    """

    start_by: float
    end_by: float
    slot: float | None = None

    @classmethod
    def after(cls, *, start: float, end: float) -> Self:
        """The deadline that many seconds from now."""
        now = time.monotonic()
        return cls(start_by=now + start, end_by=now + end)


class TooLate(Exception):
    """``start_by`` passed before the first byte; no OSError, so that urllib3 lets it through."""


class SlotPassed(TooLate):
    """The call's slot passed before the first byte. Its connection is as good as new."""


class Connected(TooLate):
    """The connection that was wanted, and nothing else, is there."""


class Call:
    """One call under way: whether its first byte was written, and how to end it from outside.

    Cutting works on a duplicate of the socket's descriptor. It reaches the connection in every
    state, during a TLS handshake and after the library has let go of its own socket object, and
    leaves the TLS object alone that another thread is reading from.
    """

    def __init__(self, deadline: Deadline, *, only_connects: bool = False) -> None:
        self.deadline = deadline
        self.only_connects = only_connects
        self.first_byte_written = False
        self.was_cut = False
        self.spared: Any = None  # a connection that is to be kept, though the call fails
        self._handle: socket.socket | None = None
        self._is_over = False
        self._lock = threading.Lock()

    def attach(self, sock: socket.socket) -> None:
        """Make ``sock`` the connection that is cut at the deadline."""
        handle = socket.socket(fileno=socket.dup(sock.fileno()))
        with self._lock:
            previous, self._handle = self._handle, handle
        if previous:
            previous.close()
        if self.was_cut:
            self.cut()

    def wait_for_slot(self) -> None:
        """To be called with everything ready to write; Connected if nothing is to be written."""
        if self.only_connects:
            raise Connected
        if self.deadline.slot is not None:
            moment = min(self.deadline.slot, self.deadline.start_by)
            time.sleep(max(0.0, moment - time.monotonic()))

    def begin_writing(self, sock: socket.socket) -> None:
        """To be called immediately before the first byte; TooLate if its time has passed."""
        if self._handle is None:
            self.attach(sock)
        now = time.monotonic()
        if now >= self.deadline.start_by:
            raise TooLate
        if self.deadline.slot is not None and now > self.deadline.slot + TOLERANCE:
            raise SlotPassed
        self.first_byte_written = True

    def cut(self) -> None:
        """Shut the connection down, both ways, and wake whoever waits for it."""
        with self._lock:
            if self._is_over:
                return
            self.was_cut = True
            if self._handle:
                with contextlib.suppress(OSError):  # gone already
                    self._handle.shutdown(socket.SHUT_RDWR)

    def renew(self) -> None:
        """Begin again, on another connection, what has written nothing on the first."""
        with self._lock:
            self._is_over, self._handle = False, None

    def finish(self) -> None:
        """Let go of the connection: from here on it is not cut any more."""
        with self._lock:
            self._is_over = True
            if self._handle:
                self._handle.close()


class Watchdog:
    """One thread per process that cuts calls at their ``end_by``; started by the first call."""

    _wakes_at: float  # when the thread looks next, unless it is told before

    def __init__(self) -> None:
        self._forget()
        if hasattr(os, "register_at_fork"):  # Windows does not fork
            # A child has neither the thread nor the calls, and the lock may have been held.
            os.register_at_fork(after_in_child=self._forget)

    def watch(self, call: Call) -> None:
        """Cut the call when its time has come, unless it is released before."""
        with self._changed:
            self._start()
            heapq.heappush(self._watched, (call.deadline.end_by, next(self._number), call))
            self._live.add(call)
            # It wakes by itself for an earlier one, which may be over: to wake it for each call costs
            # a tenth of a call.
            if call.deadline.end_by < self._wakes_at:
                self._wakes_at = call.deadline.end_by
                self._changed.notify()

    def release(self, call: Call) -> None:
        """Forget the call."""
        with self._changed:
            self._live.discard(call)
            while self._watched and self._watched[0][-1] not in self._live:
                heapq.heappop(self._watched)

    def _forget(self) -> None:
        self._changed = threading.Condition()
        self._watched: list[tuple[float, int, Call]] = []
        self._live: set[Call] = set()
        self._number = itertools.count()
        self._wakes_at = float("inf")
        self._thread: threading.Thread | None = None

    def _start(self) -> None:
        if self._thread is None:
            thread = threading.Thread(target=self._run, name="wechatpay-deadlines", daemon=True)
            thread.start()
            self._thread = thread

    def _run(self) -> None:
        while True:
            self._next_due().cut()

    def _next_due(self) -> Call:
        with self._changed:
            while (seconds := self._seconds_left()) is None or seconds > 0:
                self._wakes_at = self._watched[0][0] if self._watched else float("inf")
                self._changed.wait(seconds)
            self._wakes_at = float("-inf")  # it looks again before it waits
            _, _, call = heapq.heappop(self._watched)
            return call

    def _seconds_left(self) -> float | None:
        if not self._watched:
            return None
        return self._watched[0][0] - time.monotonic()


watchdog = Watchdog()
