"""Batches after the draft: confirm, then turn the items into cancellations bit by bit.

Every step may be repeated, by anybody: the batch's page, a worker, the sweep.
"""

import time
import uuid
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial as bind
from typing import Any

from django.apps import apps
from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from .. import clock, sender
from ..conf import app_settings
from ..exceptions import InvalidRequest, SubsidyError
from ..models import CancellationBatch, CancellationBatchItem, SubsidyCancellation
from ..orders import OrderAdapter, Reason, ReasonCode, adapter_for
from ..retrying import retried
from .drafting import (
    CHUNK,
    Candidate,
    draft_batch,
    load_orders,
    look_through,
    refuse_bad_description,
)
from .recording import record
from .requester import Requester
from .transactions import after_commit, refuse_foreign_transaction, write_alias

Status = CancellationBatch.Status
ItemStatus = CancellationBatchItem.Status

SLICE_CALLS = 1000  # more than fit into a slice even at WeChat Pay's highest rate
SLICE_SECONDS = 20.0  # no call is started in a slice that could end later than this


def cancel_subsidies(
    orders: Iterable[models.Model],
    *,
    description: str | None = None,
    requested_by: Any = None,
    partial: bool = False,
    send: str = "now",
    source: str = SubsidyCancellation.Source.SERVICE,
) -> CancellationBatch:
    """Ask WeChat Pay to cancel the subsidies of many orders (a queryset or any iterable).

    A draft and its confirmation in one: what speaks against an order is written on its item, and
    the others go on. `send="later"` leaves all sending to the next sweep.

    Raises ForeignTransaction; nothing for single orders.
    """
    using = write_alias()
    refuse_foreign_transaction(using)
    with transaction.atomic(using=using):
        batch = draft_batch(
            orders,
            description=description,
            requested_by=requested_by,
            partial=partial,
            source=source,
        )
        set_confirmed(batch, confirmed_by=requested_by, using=using)
        if send == "now":
            after_commit(lambda: app_settings.dispatcher.work_on(batch.pk), using=using)
    batch.refresh_from_db(using=using)
    return batch


def confirm_batch(
    batch: CancellationBatch,
    *,
    confirmed_by: Any,
    description: str | None = None,
    partial_items: Collection[int] = (),
) -> bool:
    """Confirm a draft: from here on it is frozen and its items are sent.

    `partial_items` are the keys of items of partly refunded orders that get an explicit yes;
    `description` replaces the draft's.

    Returns whether this call confirmed it: False if somebody had before. Raises InvalidRequest if
    there is nothing to send, or for a description that WeChat Pay would refuse.
    """
    using = write_alias()
    refuse_foreign_transaction(using)
    refuse_bad_description(description)
    with transaction.atomic(using=using):
        if not set_confirmed(
            batch, confirmed_by=confirmed_by, description=description, using=using
        ):
            return False
        items = CancellationBatchItem.objects.using(using).filter(batch=batch)
        if app_settings.partial_refunds == "ask":
            items.filter(
                pk__in=partial_items,
                status=ItemStatus.EXCLUDED,
                code=ReasonCode.PARTLY_REFUNDED,
            ).update(status=ItemStatus.DRAFT, partial=True, code="", message="")
        if not items.filter(status=ItemStatus.DRAFT).exists():
            raise InvalidRequest(
                _("There is nothing to send in this batch."), code="nothing_to_send"
            )
        after_commit(lambda: app_settings.dispatcher.batch_confirmed(batch.pk), using=using)
    batch.refresh_from_db(using=using)
    return True


def set_confirmed(
    batch: CancellationBatch, *, confirmed_by: Any, description: str | None = None, using: str
) -> bool:
    """Turn a draft into a confirmed batch, once."""
    who = Requester.of(confirmed_by)
    drafts = CancellationBatch.objects.using(using).filter(pk=batch.pk, status=Status.DRAFT)
    changed: dict[str, Any] = {} if description is None else {"description": description}
    return bool(
        drafts.update(
            status=Status.CONFIRMED,
            confirmed_by=who.user,
            confirmed_by_name=who.name,
            confirmed_at=timezone.now(),
            **changed,
        )
    )


def work_on_batch(batch_pk: int, *, seconds: float = SLICE_SECONDS) -> bool:
    """Work on a confirmed batch for so long: turn items into cancellations, and send those that are due.

    One slice of a batch is worked on at a time. Returns whether this call worked on it: False where
    somebody else does, or the batch is not confirmed.
    """
    using = write_alias()
    until = time.monotonic() + seconds
    with slice_of(batch_pk, seconds=seconds, using=using) as batch:
        if batch is None:
            return False
        ask_for_all_items(batch, until=until, using=using)
        sender.send(waiting_in(batch, using=using), until=until)
    return True


def ask_for_confirmed_batches() -> None:
    """Turn the items of all confirmed batches into cancellations, as far as nobody else does."""
    using = write_alias()
    confirmed = CancellationBatch.objects.using(using).filter(status=Status.CONFIRMED)
    for batch_pk in list(confirmed.order_by("pk").values_list("pk", flat=True)):
        with slice_of(batch_pk, seconds=SLICE_SECONDS, using=using) as batch:
            if batch is not None:
                ask_for_all_items(batch, until=time.monotonic() + SLICE_SECONDS, using=using)


@contextmanager
def slice_of(batch_pk: int, *, seconds: float, using: str) -> Iterator[CancellationBatch | None]:
    """The right to work on a batch, which one process has at a time; None if it is not to be had."""
    token = uuid.uuid4()
    if not take_slice(batch_pk, token=token, seconds=seconds, using=using):
        yield None
        return
    ours = CancellationBatch.objects.using(using).filter(pk=batch_pk, slice_token=token)
    try:
        yield ours.get()
    finally:
        ours.update(slice_token=None, slice_until=None)


def take_slice(batch_pk: int, *, token: uuid.UUID, seconds: float, using: str) -> bool:
    """Make this process the one that works on the batch; the right ends by itself if it dies."""
    now = clock.now(using)
    free = Q(slice_until=None) | Q(slice_until__lte=now)
    workable = CancellationBatch.objects.using(using).filter(
        free, pk=batch_pk, status__in=[Status.CONFIRMED, Status.ASKED]
    )
    return bool(
        workable.update(slice_token=token, slice_until=now + timedelta(seconds=2 * seconds))
    )


def waiting_in(batch: CancellationBatch, *, using: str) -> list[int]:
    """The keys of the batch's cancellations that wait to be sent, as many as a slice may need."""
    rows = SubsidyCancellation.objects.using(using).filter(
        batch_items__batch=batch,
        batch_items__status=ItemStatus.ASKED,
        status=SubsidyCancellation.Status.PENDING,
    )
    return list(rows.order_by("send_after", "pk").values_list("pk", flat=True)[:SLICE_CALLS])


def ask_for_all_items(batch: CancellationBatch, *, until: float, using: str) -> None:
    """Turn the batch's items into cancellations, until there are none left or the time is over."""
    while retried(bind(ask_for_items, batch, using=using)) and time.monotonic() < until:
        pass


def ask_for_items(batch: CancellationBatch, *, using: str) -> bool:
    """Turn up to `CHUNK` items into cancellations, in one transaction; False once there are none left.

    The orders are loaded anew: what has become of them since the draft counts. Rows are written in
    the order of their identity, so that two batches with the same orders do not deadlock.
    """
    batches = CancellationBatch.objects.using(using).filter(pk=batch.pk, status=Status.CONFIRMED)
    items = CancellationBatchItem.objects.using(using).filter(batch=batch, status=ItemStatus.DRAFT)
    with transaction.atomic(using=using):
        # Written to first, so that SQLite can wait for its lock; and not at all once it is stopped.
        if not batches.update(status=Status.CONFIRMED):
            return False
        chunk = list(items.order_by("sub_mchid", "transaction_id", "pk")[:CHUNK])
        orders = orders_of(chunk)
        for item in chunk:
            adapter, order = orders[item.order_model, item.order_pk]
            ask_for_item(item, candidate_of(item, adapter, order, batch=batch), using=using)
        if not chunk:
            batches.update(status=Status.ASKED)
    return bool(chunk)


def orders_of(
    items: Iterable[CancellationBatchItem],
) -> dict[tuple[str, str], tuple[OrderAdapter, Any | None]]:
    """The items' orders as they are now, None for one that is gone, each with its adapter."""
    keys: dict[str, list[str]] = {}
    for item in items:
        keys.setdefault(item.order_model, []).append(item.order_pk)
    found: dict[tuple[str, str], tuple[OrderAdapter, Any | None]] = {}
    for label, wanted in keys.items():
        adapter = adapter_for(apps.get_model(label))
        loaded = load_orders(adapter, wanted)
        found |= {(label, key): (adapter, loaded.get(key)) for key in wanted}
    return found


def candidate_of(
    item: CancellationBatchItem,
    adapter: OrderAdapter,
    order: Any | None,
    *,
    batch: CancellationBatch,
) -> Candidate:
    """What the item's order now comes to; an order that lost the transaction counts as not found."""
    candidates = look_through(adapter, order, key=item.order_pk, batch=batch, partial=item.partial)
    identity = item.sub_mchid, item.transaction_id
    for candidate in candidates:
        if candidate.identity == identity or candidate.target is None:
            return candidate
    return Candidate(key=item.order_pk, reason=Reason.of(ReasonCode.NOT_FOUND))


def ask_for_item(item: CancellationBatchItem, candidate: Candidate, *, using: str) -> None:
    """Record the item's cancellation, or on the item why it was refused."""
    reason = candidate.reason
    if reason is None and candidate.wish is not None:
        try:
            item.cancellation = record(candidate.wish, using=using)
            item.newly_recorded = item.cancellation.newly_recorded
        except SubsidyError as error:
            item.code, item.message = error.code[:64], str(error)[:512]
    elif reason is not None:
        item.code, item.message = reason.code, str(reason.message)[:512]
    item.status = ItemStatus.ASKED if item.cancellation else ItemStatus.REFUSED
    item.save(
        using=using,
        update_fields=["status", "cancellation", "newly_recorded", "code", "message"],
    )
