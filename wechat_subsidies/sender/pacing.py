"""The pace of a platform merchant over all processes, kept in one row of the database.

Calls get slots at even distances. A few are reserved at a time, so that a process that dies or
stalls leaves no gap worth mentioning.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Exists, F, Q, Value
from django.db.models.functions import Greatest

from .. import clock
from ..conf import app_settings
from ..models import MerchantPace
from ..models.fields import EPOCH, InstantField
from .gate import open_pauses

FILL: Final = (
    0.985  # share of RATE_LIMIT in use: at exactly 200 calls a second WeChat Pay refuses some
)
AHEAD: Final = timedelta(milliseconds=250)  # for how long slots are reserved ahead
NONE: Final = timedelta()
IMPOSSIBLE: Final = timedelta(seconds=30)  # a next slot as far off comes of a clock that was wrong
UNPACED: Final = 200  # rows a claim takes at the most where there is no rate limit

# What a 429 does: no call for a second, and half the rate, which recovers by a tenth a second.
BREATH: Final = timedelta(seconds=1)
SLOWER: Final = 0.5
RECOVERY: Final = 1.1
SLOWEST: Final = 1 / 64  # of the rate, however many 429s there are


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """A merchant's pace at one moment, `now`. `rate`: calls a second, None for no limit.

    `is_paused`: there is a pause of it, of one of its sub-merchants or of everything.
    """

    using: str
    mchid: str
    now: datetime
    next_slot: datetime
    rate: float | None
    is_paused: bool

    @classmethod
    def lock(cls, *, using: str, mchid: str) -> "Pace":
        """Make claimers of this merchant follow each other until the end of the transaction.

        An UPDATE comes first on purpose: it takes SQLite's write lock while waiting for it is
        still possible, and lets REPEATABLE READ see the newest rows in what follows. The clock is
        read once the row is locked: whoever waited for it is to see the time after the wait.
        """
        rows = MerchantPace.objects.using(using).filter(pk=mchid)
        if not rows.update(claims=F("claims") + 1):
            MerchantPace.objects.using(using).bulk_create(
                [MerchantPace(mchid=mchid, next_slot=EPOCH)], ignore_conflicts=True
            )
            rows.update(claims=F("claims") + 1)
        is_paused = Exists(open_pauses(using=using, mchid=mchid))
        row = rows.annotate(now=clock.Reading(), is_paused=is_paused).get()
        rate_limit = rate_limit_of(mchid)
        rate = rate_limit * FILL * share_in_use(row, now=row.now) if rate_limit else None
        return cls(
            using=using,
            mchid=mchid,
            now=row.now,
            next_slot=row.next_slot,
            rate=rate,
            is_paused=row.is_paused,
        )

    @property
    def gap(self) -> timedelta | None:
        """The distance between two slots; None where there is no rate limit."""
        return timedelta(seconds=1 / self.rate) if self.rate else None

    def slots(
        self, *, limit: int, lead: timedelta = NONE, furthest: timedelta = NONE
    ) -> list[datetime]:
        """The next free slots from `lead` on: up to `limit`, within a quarter of a second.

        `furthest`: as far ahead from now as that at any rate.
        """
        if self.gap is None:
            return [self.now] * min(limit, UNPACED)
        first = max(self.first_slot, self.now + lead)
        free = (first + number * self.gap for number in range(limit))
        return [slot for slot in free if slot <= self.now + max(lead + AHEAD, furthest)]

    @property
    def first_slot(self) -> datetime:
        """When the next call may begin; at once if what is stored cannot be."""
        if self.gap is None:
            return self.now
        is_possible = self.now < self.next_slot <= self.now + self.gap + IMPOSSIBLE
        return self.next_slot if is_possible else self.now

    def reserve(self, slots: Sequence[datetime]) -> None:
        """Give these slots to nobody else."""
        if self.gap is not None and slots:
            rows = MerchantPace.objects.using(self.using).filter(pk=self.mchid)
            rows.update(next_slot=slots[-1] + self.gap)

    def wait(self, *, furthest: timedelta = NONE) -> float:
        """Seconds until a slot can be reserved; 0 if one can be now."""
        return max(0.0, (self.first_slot - self.now - max(AHEAD, furthest)).total_seconds())


def rate_limit_of(mchid: str) -> int | None:
    """The rate limit of merchants with this MCHID, which they share: the lowest of them."""
    merchants = [each for each in app_settings.merchants.values() if each.mchid == mchid]
    return min((each.rate_limit for each in merchants if each.rate_limit), default=None)


def share_in_use(row: MerchantPace, *, now: datetime) -> float:
    """The share of the rate limit that is in use: less than 1 for a while after a 429."""
    if row.rate_changed_at is None:
        return 1.0
    seconds = min(60.0, max(0.0, (now - row.rate_changed_at).total_seconds()))
    return float(min(1.0, row.rate_share * RECOVERY**seconds))


def slow_down(*, using: str, mchid: str, called_at: datetime) -> None:
    """After a 429 to a call that began at `called_at`: half the rate, and no call for a second.

    Of the calls that were under way together only the first 429 counts: the others are no news.
    """
    rows, now = MerchantPace.objects.using(using).filter(pk=mchid), clock.now(using)
    row = rows.get()
    is_news = Q(rate_changed_at=None) | Q(rate_changed_at__lt=called_at)
    rows.filter(is_news).update(
        next_slot=Greatest("next_slot", Value(now + BREATH, output_field=InstantField())),
        rate_share=max(SLOWEST, share_in_use(row, now=now) * SLOWER),
        rate_changed_at=now,
    )
