"""What workers do, whichever engine runs them. All of it is safe to lose, to repeat and to reorder."""

import time
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from threading import Event, Timer
from typing import Final

from .. import sender, services
from ..services.slices import SLICE_SECONDS, steps_left

SWEEP_SECONDS: Final = 50.0  # a sweep of a worker ends after so long; the next one goes on

_is_handing_on: ContextVar[bool] = ContextVar("_is_handing_on", default=False)


def send(keys: Sequence[int]) -> None:
    """Send these cancellations, as far as they are due; for one slice at most."""
    sender.send(keys, until=time.monotonic() + SLICE_SECONDS)


def work_on(batch_pk: int, *, hand_on: Callable[[int], None]) -> None:
    """Work on the batch for one slice, and hand it on if it is worth while.

    It is not once the batch is done, while somebody else works on it, and where a slice has achieved
    nothing (sending is paused, or the gateway is down): then the rest is the sweep's. Nor is it
    where tasks run at once, in the process that asks: that would go on in there without end.
    """
    if _is_handing_on.get():
        return
    before = steps_left(batch_pk)
    if not services.work_on_batch(batch_pk):
        return
    if 0 < steps_left(batch_pk) < before:
        token = _is_handing_on.set(True)
        try:
            hand_on(batch_pk)
        finally:
            _is_handing_on.reset(token)


def process_due() -> None:
    """Sweep, once and not for long: a worker has other things to do, too."""
    stop = Event()
    timer = Timer(SWEEP_SECONDS, stop.set)
    timer.daemon = True
    timer.start()
    try:
        services.process_due(stop=stop)
    finally:
        timer.cancel()
