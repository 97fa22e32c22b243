"""Claim, call, record: for certain cancellations at once, or for everything that is due."""

import time
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import chain
from typing import Final

from django.db import router

from .. import clock
from ..conf import app_settings
from ..models import Heartbeat, SubsidyCancellation
from .announcing import announce_due
from .calling import Call, calls_for
from .claiming import Claim, claim
from .clients import process_name
from .recording import record
from .timing import Timing

CONCURRENCY: Final = 16  # calls under way at a time
PATIENCE: Final = 2.0  # seconds for which one who waits in a request waits for the merchant's pace
SWEEP: Final = "sweep"  # the heartbeat's name


@dataclass(slots=True, kw_only=True)
class ProcessReport:
    """What was done: the number of calls made, and by outcome."""

    calls: int = 0
    outcomes: dict[str, int] = field(default_factory=dict)

    def add(self, calls: Sequence[Call]) -> None:
        """Count these calls, of each cancellation the decisive one."""
        decisive = [made for made in calls if made.is_decisive]
        self.calls += len(decisive)
        for made in decisive:
            outcome = str(made.reply.meaning.outcome)
            self.outcomes[outcome] = self.outcomes.get(outcome, 0) + 1


def send(keys: Collection[int], *, until: float | None = None) -> ProcessReport:
    """Send these cancellations, as far as they are due and nobody else does.

    `until` (seconds of `time.monotonic()`): after the first group no call is started that may take
    longer than that. What is left stays recorded, for the next sweep.
    """
    using = router.db_for_write(SubsidyCancellation)
    until = time.monotonic() if until is None else until
    rows = SubsidyCancellation.objects.using(using).filter(pk__in=keys, send_after__isnull=False)
    report = ProcessReport()
    for mchid in set(rows.values_list("mchid", flat=True)) & mchids():
        group_by_group(mchid, using=using, report=report, keys=keys, until=until)
    return report


def process_due(
    *, limit: int | None = None, merchant: str | None = None, concurrency: int = CONCURRENCY
) -> ProcessReport:
    """Send everything that is due, up to `limit` calls, for one merchant or all; announce what is left.

    Returns once nothing is due any more. Safe to run in several processes at once.
    Raises ImproperlyConfigured for a merchant that the settings do not have.
    """
    using = router.db_for_write(SubsidyCancellation)
    beat(using=using)
    report = ProcessReport()
    wanted = {app_settings.merchant(merchant).mchid} if merchant else mchids()
    for mchid in sorted(wanted):
        group_by_group(mchid, using=using, report=report, limit=limit, concurrency=concurrency)
    announce_due(using=using)
    return report


def beat(*, using: str) -> None:
    """Leave the sign that somebody sweeps: «nobody sends» is said where it is missing."""
    facts = {"process": process_name(), "beat_at": clock.now(using)}
    beats = Heartbeat.objects.using(using)
    if not beats.filter(name=SWEEP).update(**facts):
        beats.bulk_create([Heartbeat(name=SWEEP, **facts)], ignore_conflicts=True)


def mchids() -> set[str]:
    """The platform merchants that the settings have."""
    return {merchant.mchid for merchant in app_settings.merchants.values()}


def group_by_group(
    mchid: str,
    *,
    using: str,
    report: ProcessReport,
    keys: Collection[int] | None = None,
    limit: int | None = None,
    until: float | None = None,
    concurrency: int = CONCURRENCY,
) -> None:
    """Claim, call and record a platform merchant's due rows, a group at a time, until none is left."""
    patience = None if until is None else max(until, time.monotonic() + PATIENCE)
    for size in group_sizes(mchid, report=report, limit=limit, until=until, most=concurrency):
        claimed = claim(using=using, mchid=mchid, limit=size, keys=keys)
        while not claimed.claims and claimed.wait > 0:
            if patience is not None and time.monotonic() + claimed.wait > patience:
                return
            time.sleep(claimed.wait)
            claimed = claim(using=using, mchid=mchid, limit=size, keys=keys)
        if not claimed.claims:
            return
        calls = call_all(claimed.claims)
        record(calls, using=using)
        report.add(calls)


def group_sizes(
    mchid: str, *, report: ProcessReport, limit: int | None, until: float | None, most: int
) -> Iterator[int]:
    """How many rows the next group may have, as long as there may be one; the first always may."""
    longest = Timing.of(m for m in app_settings.merchants.values() if m.mchid == mchid).end_by
    is_first = True
    while is_first or until is None or time.monotonic() + longest <= until:
        size = most if limit is None else min(most, limit - report.calls)
        if size <= 0:
            return
        yield size
        is_first = False


def call_all(claims: Sequence[Claim]) -> list[Call]:
    """Make the claims' calls side by side; those of a single one on this very thread."""
    if len(claims) == 1:
        return calls_for(claims[0])
    with ThreadPoolExecutor(max_workers=len(claims), thread_name_prefix="wechat-subsidies") as pool:
        return list(chain.from_iterable(pool.map(calls_for, claims)))
