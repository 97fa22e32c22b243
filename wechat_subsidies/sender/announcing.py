"""Telling the shop where a cancellation has got to, by signal: after the commit, at least once."""

import logging
import time
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final

from django.db.models import F

from .. import clock
from ..models import SubsidyCancellation
from ..retrying import retried
from ..signals import (
    subsidy_cancellation_failed,
    subsidy_cancellation_needs_review,
    subsidy_cancelled,
)

logger = logging.getLogger("wechat_subsidies")

Status = SubsidyCancellation.Status
SIGNALS: Final = {
    Status.SUCCEEDED: subsidy_cancelled,
    Status.FAILED: subsidy_cancellation_failed,
    Status.NEEDS_REVIEW: subsidy_cancellation_needs_review,
}
FIRST_DELAY: Final = timedelta(seconds=60)  # until it is tried again; also a receiver's time to run
LONGEST_DELAY: Final = timedelta(hours=1)
MOST_TRIES: Final = 12
CHUNK: Final = 500  # read at a time
# Where announcing was given up: still marked as not announced, but never due again.
GIVEN_UP: Final = datetime(9999, 1, 1, tzinfo=UTC)


def announce(pk: int, *, using: str) -> None:
    """Tell the shop about one cancellation, if there is something to tell and nobody else does.

    A receiver that raises is logged; the cancellation is announced again later, by the sweep.
    """
    now = clock.now(using)
    rows = SubsidyCancellation.objects.using(using).filter(pk=pk)
    due = rows.filter(announce_after__lte=now, status__in=SIGNALS)
    changes = {"announce_after": now + FIRST_DELAY, "announce_count": F("announce_count") + 1}
    if not retried(partial(due.update, **changes)):
        return
    cancellation = rows.get()
    failed = send_signal(cancellation)
    ours = rows.filter(announce_count=cancellation.announce_count, status=cancellation.status)
    if failed:
        changes = {"announce_after": next_try(cancellation.announce_count, now=now)}
    else:
        changes = {"announce_after": None, "announce_count": 0}
    retried(partial(ours.update, **changes))


def send_signal(cancellation: SubsidyCancellation) -> bool:
    """Call all receivers; returns whether one of them raised."""
    try:
        responses = SIGNALS[Status(cancellation.status)].send_robust(
            sender=SubsidyCancellation,
            cancellation=cancellation,
            attempt_count=cancellation.attempt_count,
        )
    except Exception:  # Django's own: it cannot log the error of a receiver that has no name
        logger.exception("A receiver raised for %s; all are called again.", cancellation)
        return True
    errors = [(receiver, error) for receiver, error in responses if isinstance(error, Exception)]
    for receiver, error in errors:
        logger.error(
            "%r raised for %s; it is called again.", receiver, cancellation, exc_info=error
        )
    return bool(errors)


def next_try(count: int, *, now: datetime) -> datetime:
    """When the shop is told again after receivers have failed `count` times."""
    if count >= MOST_TRIES:
        return GIVEN_UP
    doubled: timedelta = FIRST_DELAY * 2 ** (count - 1)
    return now + min(LONGEST_DELAY, doubled)


def announce_due(
    *, using: str, keys: Collection[int] | None = None, until: float | None = None
) -> bool:
    """Announce what has arrived, the longest due first, of these keys if any are given.

    `until` (seconds of `time.monotonic()`): after the first one no other is begun later than that.
    Returns whether there may be more.
    """
    rows = SubsidyCancellation.objects.using(using).filter(status__in=SIGNALS)
    due = rows.filter(announce_after__lte=clock.now(using))
    if keys is not None:
        due = due.filter(pk__in=keys)
    chunk = list(due.order_by("announce_after").values_list("pk", flat=True)[:CHUNK])
    for pk in chunk:
        announce(pk, using=using)
        if until is not None and time.monotonic() >= until:
            return True
    return len(chunk) == CHUNK
