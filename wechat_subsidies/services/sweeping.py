"""The sweep: whatever waits, in whichever way it came to wait; once, or for as long as one likes."""

import logging
import time
from collections.abc import Callable
from functools import partial
from threading import Event
from typing import Final

from django.db import close_old_connections

from .. import sender
from ..retrying import PASSING, retried
from .slices import ask_for_confirmed_batches
from .stopping import finish_stops
from .transactions import write_alias

logger = logging.getLogger("wechat_subsidies")

POLL: Final = 1.0  # seconds between two sweeps with nothing to do
TROUBLE: Final = 5.0  # seconds until the next sweep after the database has failed
BEAT: Final = 20.0  # seconds between two signs of life
LOOK: Final = 1.0  # seconds between two looks at what has come back to stopped batches

Progress = Callable[[sender.ProcessReport], None]


def process_due(
    *,
    limit: int | None = None,
    merchant: str | None = None,
    concurrency: int = sender.CONCURRENCY,
    forever: bool = False,
    stop: Event | None = None,
    on_progress: Progress = lambda report: None,
) -> sender.ProcessReport:
    """Send everything that is due: resends, what was asked for with `send="later"`, confirmed batches.

    `limit` bounds the calls made, `merchant` names one of the settings, `concurrency` bounds the
    calls under way at a time for each platform merchant. Returns once nothing is due any more;
    with `forever` only when `stop` is set (from another thread, or a signal's handler), and then,
    as without, once what is under way is recorded. `on_progress` is called with the report so far.

    Safe to run in several processes at once. Raises ImproperlyConfigured for a merchant that the
    settings do not have, ValueError for a concurrency below 1 and, without `forever`, the database's
    errors.
    """
    if concurrency < 1:  # it would look for room for ever
        raise ValueError(f"The concurrency is at least 1; {concurrency} was given.")
    stop, report = stop or Event(), sender.ProcessReport()
    beat = Occasionally(partial(sender.beat, using=write_alias()), every=BEAT)
    look_for_stopped = Occasionally(finish_stops, every=LOOK)

    def progress(so_far: sender.ProcessReport) -> None:
        beat()
        look_for_stopped()
        on_progress(so_far)

    send = partial(sender.process_due, merchant=merchant, concurrency=concurrency, report=report)
    has_looked_at_all = False
    while True:
        try:
            beat()
            if not has_looked_at_all:  # for hours nobody may have swept
                retried(partial(finish_stops, lately=None))
                has_looked_at_all = True
            look_for_stopped()
            retried(partial(ask_for_confirmed_batches, stop=stop))
            send(limit=limit, stop=stop, on_progress=progress)
        except PASSING:
            if not forever:
                raise
            logger.exception("The database failed; the next sweep is in %d s.", TROUBLE)
            stop.wait(TROUBLE)
        if not forever or stop.is_set() or (limit is not None and report.calls >= limit):
            return report
        stop.wait(POLL)
        close_old_connections()


class Occasionally:
    """Work on the database that is done when called, unless it has just been done."""

    def __init__(self, work: Callable[[], None], *, every: float) -> None:
        self._work, self._every, self._last = work, every, float("-inf")

    def __call__(self) -> None:
        """Do it, if it is time."""
        if time.monotonic() - self._last >= self._every:
            retried(self._work)
            self._last = time.monotonic()
