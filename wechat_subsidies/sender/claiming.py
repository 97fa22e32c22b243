"""Claiming: a short transaction after which a row is this process's alone to send, for a bounded time.

Whoever dies with a claim leaves it to expire; whoever takes the row over first writes down that
the call before was lost. Nothing is sent for a claim whose commit failed.
"""

import time
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from django.db.models import F
from django.utils import timezone

from .. import clock, logbook
from ..conf import MerchantSettings, app_settings
from ..models import CancellationAttempt, SendingPause, SubsidyCancellation
from ..outcomes import LOST
from ..retrying import TRIES, durable, retried
from ..wechatpay import Deadline
from .gate import Gate, note_try, take_back_try
from .pacing import NONE, Pace
from .settling import NOT_CLAIMED, settled_as_lost
from .timing import Timing

Status = SubsidyCancellation.Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One cancellation that is ours to send: the row as it was, and when it may be sent.

    The `deadline` is in seconds of `time.monotonic()`, `claimed_at` is the same moment by the
    database's clock as `claimed_at_monotonic` by that one. `tried_pause`: sending is paused, and
    this call goes out to see whether that can end. `is_awaited`: whoever has claimed it, and nothing
    else, announces at once what it comes to.
    """

    cancellation: SubsidyCancellation
    merchant: MerchantSettings
    token: uuid.UUID
    was_in_doubt: bool
    deadline: Deadline
    claimed_at: datetime
    claimed_at_monotonic: float
    tried_pause: SendingPause | None = None
    is_awaited: bool = False

    def moment(self, monotonic: float) -> datetime:
        """The database's time at a moment of this process's monotonic clock."""
        return self.claimed_at + timedelta(seconds=monotonic - self.claimed_at_monotonic)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """What a claim came to.

    `wait`: seconds until the merchant's pace allows another; 0 if it does. `lost` counts the rows
    whose call before was lost, whether they may be sent again or not. `is_last`: no more rows were
    due, or none that a pause lets through.
    """

    claims: Sequence[Claim] = ()
    wait: float = 0.0
    lost: int = 0
    is_last: bool = False


def claim(
    *,
    using: str,
    mchid: str,
    limit: int,
    keys: Collection[int] | None = None,
    lead: timedelta = NONE,
    furthest: timedelta = NONE,
    tries: int = TRIES,
) -> Claimed:
    """Claim up to `limit` due rows of a platform merchant, of those with these keys if any are given.

    `lead` is the time that passes until a call can begin: it gets no slot before, and none later than
    a quarter of a second after that, or than `furthest` from now. Tried again up to
    `tries` times where others who claim are in the way. Raises RuntimeError inside a transaction,
    or with autocommit off: nobody could know whether the claim will stand.
    """
    once = partial(
        claim_once,
        using=using,
        mchid=mchid,
        limit=limit,
        keys=keys,
        lead=lead,
        furthest=furthest,
    )
    return retried(once, tries=tries)


def claim_once(
    *,
    using: str,
    mchid: str,
    limit: int,
    keys: Collection[int] | None,
    lead: timedelta,
    furthest: timedelta,
) -> Claimed:
    """One try at a claim. The pace is locked first, and the clock read once it is."""
    merchants = {m.name: m for m in app_settings.merchants.values() if m.mchid == mchid}
    timing = Timing.of(merchants.values())
    with durable(using):
        pace, monotonic = Pace.lock(using=using, mchid=mchid), time.monotonic()
        gate = Gate(now=pace.now)
        if pace.is_paused:
            gate = Gate.of(using=using, mchid=mchid, now=pace.now)
        if gate.is_shut:
            return Claimed(is_last=True)
        slots = pace.slots(limit=limit, lead=lead, furthest=furthest)
        due = SubsidyCancellation.objects.using(using).due(pace.now)
        due = due.filter(mchid=mchid, merchant__in=merchants)
        if keys is not None:
            due = due.filter(pk__in=keys)
        found, tried_pause = gate.pass_through(due, limit=len(slots)) if slots else ([], None)
        expired = [row for row in found if row.status == Status.SENDING]
        lost = take_over(expired, using=using, grace=timing.grace)
        waiting = [row for row in found if row.status == Status.PENDING]
        token, rows = mark(waiting, using=using, now=pace.now, timing=timing)
        pace.reserve(slots[: len(rows)])
        if tried_pause is not None and rows:
            until = pace.now + timedelta(seconds=timing.lease)
            note_try(tried_pause, using=using, token=token, until=until)
    for row in lost:
        logbook.changed(row, status=row.status, reason=LOST.reason)
    claims = [
        Claim(
            cancellation=row,
            merchant=merchants[row.merchant],
            token=token,
            was_in_doubt=row.in_doubt,
            deadline=Deadline(
                start_by=monotonic + timing.start_by,
                end_by=monotonic + timing.end_by,
                slot=monotonic + (slot - pace.now).total_seconds() if pace.rate else None,
            ),
            claimed_at=pace.now,
            claimed_at_monotonic=monotonic,
            tried_pause=tried_pause,
            is_awaited=is_awaited(keys),
        )
        for row, slot in zip(rows, slots, strict=False)
    ]
    # The answer to a try of the whole merchant is waited for, that to a sub-merchant's is not.
    is_all = not tried_pause.sub_mchid if tried_pause else len(found) < len(slots)
    is_last = bool(slots) and not lost and is_all
    return Claimed(
        claims=claims, wait=pace.wait(furthest=furthest), lost=len(lost), is_last=is_last
    )


def is_awaited(keys: Collection[int] | None) -> bool:
    """Whether it is announced by whoever sends it: one alone is, as soon as it is recorded."""
    return keys is not None and len(keys) == 1


def is_anything_due(*, using: str, mchid: str) -> bool:
    """Whether a claim may find something: asking costs less than one, and than connecting for it."""
    now = clock.now(using)
    if Gate.of(using=using, mchid=mchid, now=now).is_shut:
        return False
    return SubsidyCancellation.objects.using(using).due(now).filter(mchid=mchid).exists()


def take_over(
    lost: Sequence[SubsidyCancellation], *, using: str, grace: float
) -> list[SubsidyCancellation]:
    """Write down of rows whose lease has expired that their call was lost; returns those of which it was.

    They are then PENDING and due; where that was the last try, a person has to look instead.
    """
    taken, attempts = [], []
    for row in lost:
        attempt = lost_attempt(row)
        ended_at = row.lease_until or row.asked_at
        changes = settled_as_lost(row, lease_until=ended_at, grace=grace).changes()
        if changes["status"] == Status.PENDING:
            # The lease's grace is over: it is due now, whatever the delay of a resend would be.
            changes["send_after"] = row.send_after
        same = SubsidyCancellation.objects.using(using).filter(
            pk=row.pk, claim_token=row.claim_token
        )
        if not same.update(
            **changes, attempt_count=F("attempt_count") + 1, updated_at=timezone.now()
        ):
            continue  # its answer has come after all
        taken.append(row)
        attempts.append(attempt)
        for name, value in changes.items():
            setattr(row, name, value)
        row.attempt_count += 1
    CancellationAttempt.objects.using(using).bulk_create(attempts)
    return taken


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
    rows_of_this = cancellations.filter(pk__in=[row.pk for row in rows], claim_token=token)
    ours = set(rows_of_this.values_list("pk", flat=True))
    return token, [row for row in rows if row.pk in ours]


def give_back(claims: Sequence[Claim], *, using: str) -> None:
    """Return rows of which nothing was sent, as they were before they were claimed.

    There is one claim at least.
    """
    tokens = {each.token for each in claims}
    SubsidyCancellation.objects.using(using).filter(
        pk__in=[each.cancellation.pk for each in claims], claim_token__in=tokens
    ).update(
        in_doubt=F("in_doubt_before_claim"),
        status=Status.PENDING,
        send_after=min(each.claimed_at for each in claims),
        updated_at=timezone.now(),
        **NOT_CLAIMED,
    )
    for each in claims:
        if each.tried_pause is not None:
            take_back_try(each.tried_pause, using=using, token=each.token, now=each.claimed_at)
