"""Telling workers of their work: what the engines that have workers share.

A hint holds keys alone, and is worth little: if it cannot be given, that is logged, and the sweep
sends what it was about. The one who asked must neither hear of it nor wait for it.
"""

import logging
import time
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from typing import Any, Final

from .base import Dispatcher

logger = logging.getLogger("wechat_subsidies")

CHUNK: Final = 100  # cancellations in a message; a worker sends as many in a second or a few
SILENCE: Final = 10.0  # seconds for which no more hints are tried after one that failed


class HintingDispatcher(Dispatcher):
    """Hands what is to be done to workers, by way of an engine that may be down.

    After a hint that failed the next seconds' hints are not tried: an engine that cannot be reached
    would otherwise hold up everybody who asks, for as long as it takes to find that out.
    """

    def __init__(self) -> None:
        self._silent_until = float("-inf")

    @abstractmethod
    def hint(self, name: str, ids: Any) -> None:
        """Have a worker run this task with these ids. May raise anything, and may not take long."""

    def send(self, keys: Sequence[int]) -> None:
        """Have workers send them."""
        for chunk in chunks(keys):
            self.try_to_hint("send", chunk)

    def work_on(self, batch_pk: int) -> None:
        """Have a worker work on the batch, slice by slice."""
        self.try_to_hint("work_on", batch_pk)

    def try_to_hint(self, name: str, ids: Any) -> None:
        """Give the hint, or log that it could not be given."""
        if time.monotonic() < self._silent_until:
            tell_of_lost_hint(name, ids, why="workers could not be told of work just before")
            return
        try:
            self.hint(name, ids)
        except Exception as error:  # noqa: BLE001  (an engine's and its broker's may be of any kind)
            self._silent_until = time.monotonic() + SILENCE
            tell_of_lost_hint(name, ids, why=f"{type(error).__name__}: {error}")


def chunks(keys: Sequence[int]) -> Iterator[list[int]]:
    """The keys, as many at a time as fit into a message."""
    for start in range(0, len(keys), CHUNK):
        yield list(keys[start : start + CHUNK])


def tell_of_lost_hint(name: str, ids: Any, *, why: str) -> None:
    """Log what is left for the sweep, and why."""
    what = "Batch %s is" if name == "work_on" else "The cancellations %s are"
    words = what + " recorded, and left for the next sweep: no worker could be told (%s)."
    logger.warning(words, ids, why)
