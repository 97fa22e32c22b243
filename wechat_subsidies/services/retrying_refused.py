"""Having many cancellations sent again that WeChat Pay refused, such as after a setting was mended."""

from functools import partial as bind
from typing import Any, Final

from django.db import transaction
from django.db.models import F, QuerySet, Value
from django.db.models.functions import Coalesce, Greatest
from django.utils import timezone

from .. import clock, logbook
from ..conf import app_settings
from ..models import (
    CancellationBatch,
    CancellationBatchItem,
    CancellationEvent,
    SubsidyCancellation,
)
from ..models.fields import InstantField
from ..retrying import retried
from .admin_log import log_decided
from .notes import checked_note
from .recording import CLEAN
from .requester import Requester
from .transactions import after_commit, refuse_foreign_transaction, write_alias

CHUNK: Final = 500  # rows changed in one transaction

Status = SubsidyCancellation.Status


def retry_refused(
    cancellations: QuerySet[SubsidyCancellation], *, note: str = "", requested_by: Any = None
) -> int:
    """Have those of these cancellations sent again, as they were, that WeChat Pay refused.

    All others are left as they are: what needs review is looked at one by one (`retry`). Nothing is
    sent here; a worker of the batch or the next sweep sends them, no sooner than the gateway allows
    a second call for each order. Returns how many are sent again. Raises ForeignTransaction, and
    InvalidRequest for a note of more than 512 characters.
    """
    using, who, note = write_alias(), Requester.of(requested_by), checked_note(note)
    refuse_foreign_transaction(using)
    refused = cancellations.using(using).filter(status=Status.FAILED, in_doubt=False)
    keys = list(refused.order_by("pk").values_list("pk", flat=True))
    return sum(
        retried(bind(retry_chunk, keys[start : start + CHUNK], note=note, who=who, using=using))
        for start in range(0, len(keys), CHUNK)
    )


def retry_batch(batch: CancellationBatch, *, note: str = "", requested_by: Any = None) -> int:
    """Have those of a batch sent again that WeChat Pay refused; workers are told, if there are any.

    Returns how many. Raises ForeignTransaction.
    """
    using = write_alias()
    items = CancellationBatchItem.objects.using(using).filter(
        batch=batch, status=CancellationBatchItem.Status.ASKED
    )
    rows = SubsidyCancellation.objects.using(using).filter(pk__in=items.values("cancellation"))
    count = retry_refused(rows, note=note, requested_by=requested_by)
    if count:
        after_commit(lambda: app_settings.dispatcher.batch_confirmed(batch.pk), using=using)
    return count


def retry_chunk(keys: list[int], *, note: str, who: Requester, using: str) -> int:
    """Have those with these keys sent again that are still refused; returns how many."""
    rows = SubsidyCancellation.objects.using(using).filter(pk__in=keys)
    now = clock.now(using)
    asked_at = Value(now, output_field=InstantField())
    with transaction.atomic(using=using):
        rows.filter(status=Status.FAILED, in_doubt=False).update(
            **CLEAN,
            status=Status.PENDING,
            asked_at=asked_at,
            send_after=Greatest(asked_at, Coalesce(F("not_before"), asked_at)),
            updated_at=timezone.now(),
        )
        # Nobody else changes them before the commit, and nobody else's have just this moment.
        changed = list(rows.filter(status=Status.PENDING, asked_at=now))
        CancellationEvent.objects.using(using).bulk_create(
            CancellationEvent(
                cancellation=row,
                kind=CancellationEvent.Kind.RETRIED,
                actor=who.user,
                actor_name=who.name,
                note=note,
            )
            for row in changed
        )
        after_commit(bind(write_retried, changed, by=who.name), using=using)
        log_decided(changed, kind=CancellationEvent.Kind.RETRIED, note=note, who=who, using=using)
    return len(changed)


def write_retried(rows: list[SubsidyCancellation], *, by: str) -> None:
    """A line in the log for each."""
    for row in rows:
        logbook.changed(row, status=Status.PENDING, why=CancellationEvent.Kind.RETRIED, by=by)
