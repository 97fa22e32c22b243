"""The pace of a platform merchant over all processes, kept in one row of the database.

Calls get slots at even distances. A few are reserved at a time, so that a process that dies or
stalls leaves no gap worth mentioning.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import F

from ..models import MerchantPace
from ..models.fields import EPOCH

FILL = 0.985  # share of RATE_LIMIT in use: at exactly 200 calls a second WeChat Pay refuses some
AHEAD = timedelta(milliseconds=250)  # for how long slots are reserved ahead
FURTHEST = timedelta(seconds=30)  # a next slot beyond that comes of a clock that was wrong
UNPACED = 200  # rows a claim takes at the most where there is no rate limit


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """A merchant's pace as it was when locked. `rate`: calls a second, None for no limit."""

    using: str
    mchid: str
    next_slot: datetime
    rate: float | None

    @classmethod
    def lock(cls, *, using: str, mchid: str, rate_limit: int | None) -> "Pace":
        """Make claimers of this merchant follow each other until the end of the transaction.

        An UPDATE comes first on purpose: it takes SQLite's write lock while waiting for it is
        still possible, and lets REPEATABLE READ see the newest rows in what follows.
        """
        rows = MerchantPace.objects.using(using).filter(pk=mchid)
        if not rows.update(claims=F("claims") + 1):
            MerchantPace.objects.using(using).bulk_create(
                [MerchantPace(mchid=mchid, next_slot=EPOCH)], ignore_conflicts=True
            )
            rows.update(claims=F("claims") + 1)
        row = rows.get()
        rate = rate_limit * FILL * row.rate_share if rate_limit else None
        return cls(using=using, mchid=mchid, next_slot=row.next_slot, rate=rate)

    def slots(self, *, now: datetime, limit: int) -> list[datetime]:
        """The next free slots: up to `limit`, and none further ahead than a quarter of a second."""
        if self.rate is None:
            return [now] * min(limit, UNPACED)
        first, gap = self.first_slot(now=now), timedelta(seconds=1 / self.rate)
        free = (first + number * gap for number in range(limit))
        return [slot for slot in free if slot <= now + AHEAD]

    def first_slot(self, *, now: datetime) -> datetime:
        """When the next call may begin; at once if what is stored cannot be."""
        gap = timedelta(seconds=1 / self.rate if self.rate else 0)
        is_possible = now < self.next_slot <= now + gap + FURTHEST
        return self.next_slot if is_possible and self.rate else now

    def reserve(self, slots: Sequence[datetime]) -> None:
        """Give these slots to nobody else."""
        if self.rate is None or not slots:
            return
        after = slots[-1] + timedelta(seconds=1 / self.rate)
        MerchantPace.objects.using(self.using).filter(pk=self.mchid).update(next_slot=after)

    def wait(self, *, now: datetime) -> float:
        """Seconds until a slot can be reserved; 0 if one can be now."""
        return max(0.0, (self.first_slot(now=now) - now - AHEAD).total_seconds())
