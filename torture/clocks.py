"""A host whose clock is off: what Python says the time is, without touching the machine's clock."""

import time
from datetime import UTC, datetime, timedelta

from django.utils import timezone


def shift(seconds: float) -> None:
    """Put this process's wall clock forward or back. The monotonic clock stays, as it would."""
    if not seconds:
        return
    true_time, true_time_ns = time.time, time.time_ns
    time.time = lambda: true_time() + seconds
    time.time_ns = lambda: true_time_ns() + int(seconds * 1_000_000_000)

    def now() -> datetime:
        from django.conf import settings  # being read right now

        moment = datetime.now(UTC) + timedelta(seconds=seconds)
        if settings.USE_TZ:
            return moment
        return timezone.make_naive(moment, timezone.get_default_timezone())

    timezone.now = now
