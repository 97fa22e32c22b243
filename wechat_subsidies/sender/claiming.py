"""Claiming: a short transaction after which a row is this process's alone to send, for a bounded time.

Whoever dies with a claim leaves it to expire; whoever takes the row over first writes down that
the call before was lost. Nothing is sent for a claim whose commit failed.
"""

import time
import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from django.db.models import F
from django.utils import timezone

from .. import clock
from ..conf import MerchantSettings, app_settings
from ..models import CancellationAttempt, SubsidyCancellation
from ..outcomes import LOST
from ..retrying import TRIES, durable, retried
from ..wechatpay import Deadline
from .pacing import Pace
from .settling import settled_as_lost
from .timing import Timing

Status = SubsidyCancellation.Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One cancellation that is ours to send: the row as it was, and when it may be sent.

    `start` and `deadline` are in seconds of `time.monotonic()`, `claimed_at` is the same moment by
    the database's clock as `claimed_at_monotonic` by that one.
    """

    cancellation: SubsidyCancellation
    merchant: MerchantSettings
    token: uuid.UUID
    was_in_doubt: bool
    start: float
    deadline: Deadline
    claimed_at: datetime
    claimed_at_monotonic: float

    def moment(self, monotonic: float) -> datetime:
        """The database's time at a moment of this process's monotonic clock."""
        return self.claimed_at + timedelta(seconds=monotonic - self.claimed_at_monotonic)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """What a claim came to. `wait`: seconds until the merchant's pace allows another; 0 if it does.

    `lost` counts the rows whose call before was lost, whether they may be sent again or not.
    """

    claims: Sequence[Claim] = ()
    wait: float = 0.0
    lost: int = 0

    @property
    def is_empty(self) -> bool:
        """Whether no row was found that was due."""
        return not self.claims and not self.lost


def claim(
    *,
    using: str,
    mchid: str,
    limit: int,
    keys: Collection[int] | None = None,
    tries: int = TRIES,
) -> Claimed:
    """Claim up to `limit` due rows of a platform merchant, of those with these keys if any are given.

    Tried again up to `tries` times where others who claim are in the way. Raises RuntimeError
    inside a transaction, or with autocommit off: nobody could know whether the claim will stand.
    """
    once = partial(claim_once, using=using, mchid=mchid, limit=limit, keys=keys)
    return retried(once, tries=tries)


def claim_once(*, using: str, mchid: str, limit: int, keys: Collection[int] | None) -> Claimed:
    """One try at a claim. The pace is locked first, and the clock read once it is."""
    merchants = {m.name: m for m in app_settings.merchants.values() if m.mchid == mchid}
    timing = Timing.of(merchants.values())
    with durable(using):
        pace = Pace.lock(using=using, mchid=mchid, rate_limit=lowest_limit(merchants.values()))
        now, monotonic = clock.now(using), time.monotonic()
        slots = pace.slots(now=now, limit=limit)
        due = SubsidyCancellation.objects.using(using).due(now)
        due = due.filter(mchid=mchid, merchant__in=merchants)
        if keys is not None:
            due = due.filter(pk__in=keys)
        found = list(due[: len(slots)])
        lost = [row for row in found if row.status == Status.SENDING]
        take_over(lost, using=using, grace=timing.grace)
        waiting = [row for row in found if row.status == Status.PENDING]
        token, rows = mark(waiting, using=using, now=now, timing=timing)
        pace.reserve(slots[: len(rows)])
    claims = [
        Claim(
            cancellation=row,
            merchant=merchants[row.merchant],
            token=token,
            was_in_doubt=row.in_doubt,
            start=monotonic + (slot - now).total_seconds(),
            deadline=Deadline(
                start_by=monotonic + timing.start_by, end_by=monotonic + timing.end_by
            ),
            claimed_at=now,
            claimed_at_monotonic=monotonic,
        )
        for row, slot in zip(rows, slots, strict=False)
    ]
    return Claimed(claims=claims, wait=pace.wait(now=now), lost=len(lost))


def lowest_limit(merchants: Iterable[MerchantSettings]) -> int | None:
    """The rate limit that merchants with one MCHID share."""
    limits = [merchant.rate_limit for merchant in merchants if merchant.rate_limit]
    return min(limits, default=None)


def take_over(lost: Sequence[SubsidyCancellation], *, using: str, grace: float) -> None:
    """Write down of rows whose lease has expired that their call was lost.

    They are then PENDING and due; where that was the last try, a person has to look instead.
    """
    CancellationAttempt.objects.using(using).bulk_create([lost_attempt(row) for row in lost])
    for row in lost:
        ended_at = row.lease_until or row.asked_at
        changes = settled_as_lost(row, lease_until=ended_at, grace=grace).changes()
        if changes["status"] == Status.PENDING:
            # The lease's grace is over: it is due now, whatever the delay of a resend would be.
            changes["send_after"] = row.send_after
        SubsidyCancellation.objects.using(using).filter(
            pk=row.pk, claim_token=row.claim_token
        ).update(**changes, attempt_count=F("attempt_count") + 1, updated_at=timezone.now())
        for name, value in changes.items():
            setattr(row, name, value)
        row.attempt_count += 1


def lost_attempt(row: SubsidyCancellation) -> CancellationAttempt:
    """The attempt of a call that nobody came back from."""
    ended_at = row.lease_until or row.asked_at
    return CancellationAttempt(
        uuid=uuid.uuid4(),
        cancellation=row,
        claim_token=row.claim_token or uuid.uuid4(),
        mchid=row.mchid,
        started_at=ended_at,
        ended_at=ended_at,
        request_body=bytes(row.request_body),
        outcome=LOST.outcome,
        reason=LOST.reason,
    )


def mark(
    rows: Sequence[SubsidyCancellation], *, using: str, now: datetime, timing: Timing
) -> tuple[uuid.UUID, list[SubsidyCancellation]]:
    """Make the rows ours, all under one token; returns it and the rows that still were to be had."""
    token = uuid.uuid4()
    if not rows:
        return token, []
    lease_until = now + timedelta(seconds=timing.lease)
    cancellations = SubsidyCancellation.objects.using(using)
    count = cancellations.filter(
        pk__in=[row.pk for row in rows], status=Status.PENDING, send_after__lte=now
    ).update(
        # In this order: MySQL assigns from left to right and would copy what it has just set.
        in_doubt_before_claim=F("in_doubt"),
        in_doubt=True,
        status=Status.SENDING,
        claim_token=token,
        lease_until=lease_until,
        send_after=lease_until + timedelta(seconds=timing.grace),
        updated_at=timezone.now(),
    )
    if count == len(rows):
        return token, list(rows)
    ours = set(cancellations.filter(claim_token=token).values_list("pk", flat=True))
    return token, [row for row in rows if row.pk in ours]
