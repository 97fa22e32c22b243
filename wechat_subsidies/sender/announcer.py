"""Telling the shop on a thread of its own: receivers hold up neither sending nor recording."""

import logging
import threading
import time
from types import TracebackType
from typing import Final, Self

from django.db import connections

from .announcing import announce_due

logger = logging.getLogger("wechat_subsidies")

ANNOUNCING: Final = 0.25  # after which no receiver is called before it is seen if that is to end

GATHERING: Final = 0.5  # seconds for which arrivals are gathered, to be announced together


class Announcer:
    """A context in which arrivals are announced as they are recorded, once it is woken.

    What is left when the context ends, or where the database fails, stays for the next sweep. Within
    a transaction, a host's TestCase, there is no thread: it would see nothing of what is recorded.
    """

    def __init__(self, *, using: str) -> None:
        self._using = using
        self._wake, self._over = threading.Event(), threading.Event()
        self._thread = threading.Thread(
            target=self._run, name="wechat-subsidies-announcing", daemon=True
        )

    def __enter__(self) -> Self:
        if not connections[self._using].in_atomic_block:
            self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Wait for the receiver that runs; no other is called."""
        self._over.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join()

    def wake(self) -> None:
        """Something may have arrived."""
        self._wake.set()

    def _run(self) -> None:
        try:
            while not self._over.is_set():
                self._wake.wait()
                self._over.wait(GATHERING)
                self._wake.clear()
                self._announce()
        finally:
            connections.close_all()

    def _announce(self) -> None:
        try:
            while not self._over.is_set() and announce_due(
                using=self._using, until=time.monotonic() + ANNOUNCING
            ):
                pass
        except Exception:
            logger.exception("Announcing failed; what is left is announced later.")
