"""Telling the shop where a cancellation has got to, by signal: after the commit, at least once."""

import logging
import time
from collections import deque
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final

from django.db.models import F, QuerySet

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
GROUP: Final = 100  # taken at a time
# Where announcing was given up: still marked as not announced, but never due again.
GIVEN_UP: Final = datetime(9999, 1, 1, tzinfo=UTC)


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


def announce_due(*, using: str, until: float, keys: Collection[int] | None = None) -> bool:
    """Announce what has arrived, the longest due first, of these keys if any are given.

    `until` (seconds of `time.monotonic()`): after the first one no other is begun later than that.
    A receiver that raises is logged, and called again later. Returns whether there may be more.
    """
    rows = SubsidyCancellation.objects.using(using).filter(status__in=SIGNALS)
    now = clock.now(using)
    due = rows.filter(announce_after__lte=now)
    if keys is not None:
        due = due.filter(pk__in=keys)
    group = list(due.order_by("announce_after").values_list("pk", flat=True)[:GROUP])
    if group:
        left = announce_group(group, using=using, now=now, until=until)
        return bool(left) or len(group) == GROUP
    return False


def announce_group(group: Collection[int], *, using: str, now: datetime, until: float) -> int:
    """Announce those of a group that nobody else does; returns how many time was too short for.

    The moment until which they are ours tells them from what another process has, and from what
    arrives anew meanwhile.
    """
    ours_until = taken_until(now)
    rows = SubsidyCancellation.objects.using(using).filter(pk__in=group)
    due = rows.filter(announce_after__lte=now, status__in=SIGNALS)
    taken = {"announce_after": ours_until, "announce_count": F("announce_count") + 1}
    if not retried(partial(due.update, **taken)):
        return 0
    return announce_taken(rows.filter(announce_after=ours_until), now=now, until=until)


def announce_recorded(key: int, *, using: str, now: datetime) -> None:
    """Announce an arrival that was recorded as taken by us at `now`, if it is one."""
    rows = SubsidyCancellation.objects.using(using).filter(pk=key, status__in=SIGNALS)
    announce_taken(rows.filter(announce_after=taken_until(now)), now=now, until=time.monotonic())


def taken_until(now: datetime) -> datetime:
    """Until when an arrival is announced by nobody but whoever has taken it now."""
    return now + FIRST_DELAY


def announce_taken(ours: QuerySet[SubsidyCancellation], *, now: datetime, until: float) -> int:
    """Announce those of ours; returns how many time was too short for."""
    left, told = deque(ours.order_by("pk")), []
    while left:
        cancellation = left.popleft()
        if not send_signal(cancellation):
            told.append(cancellation.pk)
        else:
            later = next_try(cancellation.announce_count, now=now)
            retried(partial(ours.filter(pk=cancellation.pk).update, announce_after=later))
        if time.monotonic() >= until:
            break
    retried(partial(ours.filter(pk__in=told).update, announce_after=None, announce_count=0))
    if left:
        back = {"announce_after": now, "announce_count": F("announce_count") - 1}
        retried(partial(ours.filter(pk__in=[each.pk for each in left]).update, **back))
    return len(left)
