"""Stopping a batch: nothing more is asked for, and what waits is withdrawn."""

from datetime import timedelta
from functools import partial
from typing import Any, Final

from django.db import connections, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from .. import logbook
from ..models import (
    CancellationBatch,
    CancellationBatchItem,
    CancellationEvent,
    SubsidyCancellation,
)
from ..models.cancellation import CancellationQuerySet
from ..orders import ReasonCode
from ..retrying import retried
from .admin_log import log_decided
from .notes import checked_note
from .requester import Requester
from .transactions import after_commit, write_alias

CHUNK: Final = 500  # cancellations withdrawn in one transaction
# For so long a sweep that goes on looks for what comes back to a batch that was stopped: longer than
# any call takes. As it begins it looks at all: for hours nobody may have swept.
LATELY: Final = timedelta(hours=1)

# What the logs tell of a cancellation that is withdrawn.
TOLD: Final = ("transaction_id", "order_model", "order_pk", "order_reference")

Kind = CancellationEvent.Kind
Status = CancellationBatch.Status
ItemStatus = CancellationBatchItem.Status
CancellationStatus = SubsidyCancellation.Status


def stop_batch(batch: CancellationBatch, *, stopped_by: Any, note: str) -> bool:
    """Stop a batch: it is asked for no further, and what it has asked for is withdrawn.

    Withdrawn are those of the cancellations it recorded that wait and are certain not to have been
    carried out; not those that somebody retried or asked for anew since. What may have been carried
    out is sent on, so that its outcome becomes known. Holds for all processes: calls that are under
    way, and those that a process has claimed for the next second, are finished, and the next sweep
    withdraws what comes back from them unsent.

    `stopped_by` and `note`, who and why, are written on the batch and on each cancellation. Returns
    whether this call stopped it: False if somebody had before. Repeating it does no harm. Raises
    InvalidRequest without a note, or for one of more than 512 characters.
    """
    note = checked_note(note, missing=_("Say why the batch is stopped."))
    using, who = write_alias(), Requester.of(stopped_by)
    stop = partial(set_stopped, batch, who=who, note=note, using=using)
    # Within a transaction of the caller's, trying again is up to whoever began it.
    is_stopped = stop() if connections[using].in_atomic_block else retried(stop)
    withdraw_waiting(batch, who=who, note=note, using=using)
    batch.refresh_from_db(using=using)
    return is_stopped


def set_stopped(batch: CancellationBatch, *, who: Requester, note: str, using: str) -> bool:
    """Turn the batch into a stopped one, once, and refuse the items that are not asked for yet.

    Whoever is turning items into cancellations holds the batch's row until they are committed: the
    UPDATE waits for that, and none are turned afterwards.
    """
    stoppable = CancellationBatch.objects.using(using).filter(
        pk=batch.pk, status__in=[Status.DRAFT, Status.CONFIRMED, Status.ASKED]
    )
    items = CancellationBatchItem.objects.using(using).filter(batch=batch, status=ItemStatus.DRAFT)
    with transaction.atomic(using=using):
        if not stoppable.update(
            status=Status.STOPPED,
            stopped_by_name=who.name,
            stop_note=note,
            stopped_at=timezone.now(),
        ):
            return False
        items.update(
            status=ItemStatus.REFUSED,
            code=ReasonCode.STOPPED,
            message="",
        )
        tell = partial(logbook.write, "stopped", batch=batch.pk, by=who.name)
        after_commit(tell, using=using)
    return True


def finish_stops(*, lately: timedelta | None = LATELY) -> None:
    """Withdraw what has come back unsent to batches that were stopped lately; None: ever.

    A call that was under way when its batch was stopped may have been put off, or its process may
    not have got round to it; and whoever stopped a batch may have died over it.
    """
    using = write_alias()
    stopped = CancellationBatch.objects.using(using).filter(status=Status.STOPPED)
    if lately is not None:
        stopped = stopped.filter(stopped_at__gt=timezone.now() - lately)
    for batch in stopped:
        if waiting_of(batch, using=using).exists():
            who = Requester(None, batch.stopped_by_name)
            withdraw_waiting(batch, who=who, note=batch.stop_note, using=using)


def waiting_of(batch: CancellationBatch, *, using: str) -> CancellationQuerySet:
    """The cancellations that the batch recorded, that wait and were certainly not carried out.

    Whoever retries one, or asks for it anew, moves the moment at which it was asked for.
    """
    return SubsidyCancellation.objects.using(using).filter(
        batch_items__batch=batch,
        batch_items__newly_recorded=True,
        batch_items__asked_at=F("asked_at"),
        status=CancellationStatus.PENDING,
        in_doubt=False,
    )


def withdraw_waiting(batch: CancellationBatch, *, who: Requester, note: str, using: str) -> None:
    """Withdraw what waits of a stopped batch, a chunk at a time."""
    withdraw = partial(withdraw_chunk, batch, who=who, note=note, using=using)
    is_within = connections[using].in_atomic_block
    while withdraw() if is_within else retried(withdraw):
        pass


def withdraw_chunk(batch: CancellationBatch, *, who: Requester, note: str, using: str) -> bool:
    """Withdraw some, and write down who and why; False once none are left."""
    rows = SubsidyCancellation.objects.using(using)
    batches = CancellationBatch.objects.using(using).filter(pk=batch.pk, status=Status.STOPPED)
    with transaction.atomic(using=using):
        # Written to first, so that SQLite can wait for its lock. A locking read sees what others
        # have committed meanwhile, and nobody claims what it has seen.
        batches.update(status=Status.STOPPED)
        waiting = waiting_of(batch, using=using).select_for_update().order_by("pk")
        chunk = list(waiting.only("pk", *TOLD)[:CHUNK])
        rows.filter(pk__in=[row.pk for row in chunk]).update(
            status=CancellationStatus.WITHDRAWN,
            reason="",
            send_after=None,
            completed_at=timezone.now(),
            updated_at=timezone.now(),
        )
        CancellationEvent.objects.using(using).bulk_create(
            CancellationEvent(
                cancellation=row,
                kind=Kind.WITHDRAWN,
                actor=who.user,
                actor_name=who.name,
                note=note,
            )
            for row in chunk
        )
        tell = partial(write_withdrawn, chunk, by=who.name)
        after_commit(tell, using=using)
        log_decided(chunk, kind=Kind.WITHDRAWN, note=note, who=who, using=using)
    return bool(chunk)


def write_withdrawn(chunk: list[SubsidyCancellation], *, by: str) -> None:
    """A line in the log for each."""
    for row in chunk:
        logbook.changed(row, status=CancellationStatus.WITHDRAWN, why="batch_stopped", by=by)
