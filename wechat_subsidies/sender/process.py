"""Claim, call, record, announce: for certain cancellations at once, or for everything that is due."""

import time
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from django.core.cache import caches
from django.db import connections, router

from .. import clock
from ..conf import app_settings
from ..models import Heartbeat, SubsidyCancellation
from ..retrying import TRIES, retried
from .announcing import announce_due
from .calling import Call, calls_for
from .claiming import Claim, claim
from .clients import process_name
from .recording import record
from .timing import Timing

CONCURRENCY: Final = 16  # calls under way at a time
PATIENCE: Final = 2.0  # seconds for which one who waits in a request waits for the merchant's pace
PATIENT_TRIES: Final = 30  # of a sweep where others claim, too; a quarter of a minute or so
GATHERING: Final = 0.05  # seconds for which answers are gathered, to be recorded together
ANNOUNCING: Final = 0.25  # seconds after which receivers let what is due be sent
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
    announce_due(using=using, keys=keys, until=max(until, time.monotonic() + PATIENCE))
    return report


def process_due(
    *, limit: int | None = None, merchant: str | None = None, concurrency: int = CONCURRENCY
) -> ProcessReport:
    """Send everything that is due, up to `limit` calls, for one merchant or all; announce arrivals.

    Returns once nothing is due any more, and nothing is left to announce: slow receivers are
    interrupted for what becomes due meanwhile. Safe to run in several processes at once.
    Raises ImproperlyConfigured for a merchant that the settings do not have.
    """
    using = router.db_for_write(SubsidyCancellation)
    retried(partial(beat, using=using))
    report = ProcessReport()
    wanted = {app_settings.merchant(merchant).mchid} if merchant else mchids()
    is_anything_left = True
    while is_anything_left:
        for mchid in sorted(wanted):
            group_by_group(mchid, using=using, report=report, limit=limit, concurrency=concurrency)
        is_anything_left = announce_due(using=using, until=time.monotonic() + ANNOUNCING)
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
    """Claim, call and record a platform merchant's due rows, a group at a time, until none is left.

    Between the groups the shop is told, for a short time: sending waits for one receiver at most.
    """
    patience = None if until is None else max(until, time.monotonic() + PATIENCE)
    tries = PATIENT_TRIES if until is None else TRIES
    claim_next = partial(claim, using=using, mchid=mchid, keys=keys, tries=tries)
    for size in group_sizes(mchid, report=report, limit=limit, until=until, most=concurrency):
        claimed = claim_next(limit=size)
        while claimed.is_empty and claimed.wait > 0:
            if patience is not None and time.monotonic() + claimed.wait > patience:
                return
            time.sleep(claimed.wait)
            claimed = claim_next(limit=size)
        if claimed.is_empty:
            return
        for calls in calls_as_they_end(claimed.claims):
            record(calls, using=using)
            report.add(calls)
        announce_due(using=using, keys=keys, until=time.monotonic() + ANNOUNCING)


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


def calls_as_they_end(claims: Sequence[Claim]) -> Iterator[list[Call]]:
    """Make the claims' calls side by side, that of a single one on this very thread.

    They come back in the order in which they end: an answer is not to wait for the slowest call.
    """
    if len(claims) == 1:
        yield calls_for(claims[0])
    if len(claims) <= 1:
        return
    with ThreadPoolExecutor(max_workers=len(claims), thread_name_prefix="wechat-subsidies") as pool:
        under_way = {pool.submit(calls_in_thread, claim) for claim in claims}
        while under_way:
            wait(under_way, return_when=FIRST_COMPLETED)
            ended, under_way = wait(under_way, timeout=GATHERING)
            yield [call for each in ended for call in each.result()]


def calls_in_thread(claim: Claim) -> list[Call]:
    """Make the claim's calls, and leave no connection open that only this thread would use.

    The calls use none; but certificates are shared through the cache, which may be a database.
    """
    try:
        return calls_for(claim)
    finally:
        caches.close_all()
        connections.close_all()
