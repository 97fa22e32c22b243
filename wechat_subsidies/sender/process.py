"""What sends: certain cancellations at once, or everything that is due."""

import time
from collections.abc import Callable, Collection
from threading import Event
from typing import Final

from django.db import router

from .. import clock
from ..conf import app_settings
from ..models import Heartbeat, SubsidyCancellation
from .announcer import ANNOUNCING, Announcer
from .announcing import FIRST_DELAY, announce_due, announce_recorded
from .calling import Call
from .claiming import is_anything_due
from .clients import CONCURRENCY, process_name
from .lanes import Lane
from .sending import PATIENCE, ProcessReport, Sending
from .strangers import set_aside_strangers

SWEEP: Final = "sweep"  # the heartbeat's name


def send(keys: Collection[int], *, until: float | None = None) -> ProcessReport:
    """Send these cancellations, as far as they are due and nobody else does.

    `until` (seconds of `time.monotonic()`): after the first group no call is started that may take
    longer than that. What is left stays recorded, for the next sweep.
    """
    report = ProcessReport()
    if not keys:  # a lane without room for a call would look for some until the time is over
        return report
    using = router.db_for_write(SubsidyCancellation)
    until = time.monotonic() if until is None else until
    wanted = mchids()
    if len(wanted) > 1:  # of one alone there is nothing to ask
        rows = SubsidyCancellation.objects.using(using).filter(pk__in=keys)
        wanted &= set(rows.filter(send_after__isnull=False).values_list("mchid", flat=True))
    concurrency = min(CONCURRENCY, len(keys))
    lanes = [Lane(each, using=using, concurrency=concurrency, keys=keys) for each in wanted]
    run = Sending(using=using, lanes=lanes, report=report, keys=keys, until=until)
    run.run()
    last = run.last_call
    if last is not None and is_taken(last):  # there is nothing to look for
        announce_recorded(last.claim.cancellation.pk, using=using, now=last.ended_at)
    else:
        announce_due(using=using, keys=keys, until=max(until, time.monotonic() + PATIENCE))
    return report


def is_taken(last: Call) -> bool:
    """Whether its arrival was recorded as taken by us, and not too long ago for a receiver to run.

    An answer may have been kept for minutes while the database was away; then the next sweep announces
    it, from a minute after the end of the call on.
    """
    passed = last.claim.moment(time.monotonic()) - last.ended_at
    return last.claim.is_awaited and passed < FIRST_DELAY / 2


def process_due(
    *,
    limit: int | None,
    merchant: str | None,
    concurrency: int,
    stop: Event,
    report: ProcessReport,
    on_progress: Callable[[ProcessReport], None],
) -> None:
    """Send everything that is due, up to `limit` calls, for one merchant or all; announce arrivals.

    Returns once nothing is due any more that may be sent, and nothing is left to announce.
    Receivers run beside the sending, and are interrupted for what becomes due after it. What is
    done is added to `report`. Safe to run in several processes at once. Raises
    ImproperlyConfigured for a merchant that the settings do not have.
    """
    using = router.db_for_write(SubsidyCancellation)
    wanted = wanted_mchids(merchant)
    set_aside_strangers(using=using)

    def progress(so_far: ProcessReport) -> None:
        announcer.wake()
        on_progress(so_far)

    is_anything_left = True
    while is_anything_left and not stop.is_set():
        calls_before = report.calls
        lanes = [Lane(each, using=using, concurrency=concurrency) for each in sorted(wanted)]
        for lane in lanes:
            lane.is_drained = not is_anything_due(using=using, mchid=lane.mchid)
        with Announcer(using=using) as announcer:
            Sending(
                using=using,
                lanes=lanes,
                report=report,
                limit=limit,
                stop=stop,
                on_progress=progress,
            ).run()
        is_anything_left = announce_due(using=using, until=time.monotonic() + ANNOUNCING)
        is_anything_left |= report.calls > calls_before  # receivers may have asked for more


def count_due(*, merchant: str | None = None) -> int:
    """How many cancellations are due, for one merchant or all. Raises ImproperlyConfigured."""
    using = router.db_for_write(SubsidyCancellation)
    due = SubsidyCancellation.objects.using(using).due(clock.now(using))
    return due.filter(mchid__in=wanted_mchids(merchant)).count()


def wanted_mchids(merchant: str | None) -> set[str]:
    """The platform merchant of that name, or all. Raises ImproperlyConfigured for an unknown one."""
    return {app_settings.merchant(merchant).mchid} if merchant else mchids()


def beat(*, using: str) -> None:
    """Leave the sign that somebody sweeps: «nobody sends» is said where it is missing."""
    facts = {"process": process_name(), "beat_at": clock.now(using)}
    beats = Heartbeat.objects.using(using)
    if not beats.filter(name=SWEEP).update(**facts):
        beats.bulk_create([Heartbeat(name=SWEEP, **facts)], ignore_conflicts=True)


def mchids() -> set[str]:
    """The platform merchants that the settings have."""
    return {merchant.mchid for merchant in app_settings.merchants.values()}
