"""The items of a confirmed batch: looked through anew, and turned into cancellations."""

import logging
import time
from collections.abc import Collection, Iterator, Sequence
from functools import partial as bind
from typing import Any

from django.apps import apps
from django.db import DatabaseError, transaction
from django.utils.translation import gettext as _

from ..exceptions import ConcurrentRequest, Conflict, SubsidyError
from ..models import CancellationBatch, CancellationBatchItem, SubsidyCancellation
from ..orders import OrderAdapter, Reason, ReasonCode, adapter_for, adapters, find_orders
from ..retrying import PASSING, retried
from ..texts import storable
from .admin_log import log_confirmed
from .looking_through import CHUNK, Candidate, Given, load_orders, look_through
from .recording import record
from .selecting import Selected, come_to

logger = logging.getLogger("wechat_subsidies")

Status = CancellationBatch.Status
ItemStatus = CancellationBatchItem.Status
LoadedOrders = tuple[OrderAdapter, dict[str, Any]]


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
        asked = [
            ask_for_item(item, candidate, using=using)
            for item, candidate in zip(chunk, candidates_for(chunk, batch=batch), strict=True)
        ]
        new = [item.cancellation for item in chunk if item.newly_recorded and item.cancellation]
        log_confirmed(batch, new)
        if not chunk:
            batches.update(status=Status.ASKED)
    return any(asked)


def candidates_for(
    items: Sequence[CancellationBatchItem], *, batch: CancellationBatch
) -> Iterator[Candidate]:
    """What the items' orders come to by now, item by item; each order is loaded once."""
    keys: dict[str, list[str]] = {}
    for item in items:
        if item.order_model:
            keys.setdefault(item.order_model, []).append(item.order_pk)
    loaded = {label: orders_of(label, wanted) for label, wanted in keys.items()}
    for item in items:
        if item.order_model:
            yield candidate_of(item, loaded[item.order_model], batch=batch)
        else:
            yield candidate_without_order(item, batch=batch)


def orders_of(label: str, keys: Collection[str]) -> LoadedOrders | None:
    """The orders with these keys as they are now, and their adapter.

    None where the shop's code fails, or does not know the model any more; the traceback is in the
    log. Other orders, and the batches after this one, are not held up by that.
    """
    try:
        adapter = adapter_for(apps.get_model(label))
        return adapter, load_orders(adapter, keys)
    except Exception:
        logger.exception("The orders of %s cannot be loaded.", label)
        return None


def candidate_of(
    item: CancellationBatchItem, loaded: LoadedOrders | None, *, batch: CancellationBatch
) -> Candidate:
    """What the item's order now comes to; an order that lost the transaction counts as not found."""
    if loaded is None:
        return Candidate(key=item.order_pk, reason=Reason.of(ReasonCode.ADAPTER_ERROR))
    adapter, orders = loaded
    order = orders.get(item.order_pk)
    candidates = look_through(adapter, order, key=item.order_pk, batch=batch, given=given_for(item))
    identity = item.sub_mchid, item.transaction_id
    for candidate in candidates:
        if candidate.identity == identity or candidate.target is None:
            return candidate
    return Candidate(key=item.order_pk, reason=Reason.of(ReasonCode.NOT_FOUND))


def candidate_without_order(item: CancellationBatchItem, *, batch: CancellationBatch) -> Candidate:
    """What an item without an order now comes to; where orders are known by now, it has to have one."""
    identity = item.sub_mchid, item.transaction_id
    known: tuple[OrderAdapter, Any] | None = None
    if adapters():
        try:
            known = find_orders([identity]).get(identity)
        except Exception:
            logger.exception("The order of the transaction %s cannot be found.", identity[1])
            return Candidate(key="", reason=Reason.of(ReasonCode.ADAPTER_ERROR))
        if known is None:
            return Candidate(key="", reason=Reason.of(ReasonCode.NOT_FOUND))
    adapter, order = known or (None, None)
    selected = Selected(
        key=str(order.pk) if order is not None else "",
        adapter=adapter,
        order=order,
        identity=identity,
        merchant=item.merchant,
        given=given_for(item),
    )
    (candidate,) = come_to(selected, batch=batch)
    return candidate


def given_for(item: CancellationBatchItem) -> Given:
    """What was given for this item alone."""
    return Given(
        description=item.description if item.description_given else None,
        refund_id=item.refund_id if item.refund_id_given else None,
        partial=item.partial,
    )


def ask_for_item(item: CancellationBatchItem, candidate: Candidate, *, using: str) -> bool:
    """Record the item's cancellation, or on the item why it was refused.

    Returns False for one that has to wait: somebody is recording the same transaction right now.
    """
    reason = candidate.reason or changed_since(item, candidate)
    if reason is not None:
        item.code, item.message = reason.code, storable(reason.own_words, limit=512)
    elif candidate.wish is not None:  # pragma: no branch  (it has a reason or a wish)
        try:
            with transaction.atomic(using=using):
                item.cancellation = record(
                    candidate.wish, using=using, may_ask_again=bind(has_yes_to, item)
                )
            item.newly_recorded = item.cancellation.newly_recorded
            item.asked_at = item.cancellation.asked_at if item.newly_recorded else None
            if item.newly_recorded:  # the words of another's are that one's own to show
                item.description = item.cancellation.description
        except ConcurrentRequest:
            return False
        except SubsidyError as error:
            refuse(item, error)
        except PASSING:  # a deadlock, say: the chunk is tried again
            raise
        except (DatabaseError, ValueError, TypeError):
            logger.exception("The transaction %s cannot be recorded.", item.transaction_id)
            item.code, item.message = ReasonCode.ADAPTER_ERROR, ""
    item.status = ItemStatus.REFUSED if item.code else ItemStatus.ASKED
    item.save(
        using=using,
        update_fields=[
            "status",
            "cancellation",
            "newly_recorded",
            "asked_at",
            "description",
            "code",
            "message",
        ],
    )
    return True


def has_yes_to(item: CancellationBatchItem, withdrawn: SubsidyCancellation) -> bool:
    """Whether the item has an explicit yes to asking for this one again.

    A yes is to what was seen: what was asked for and withdrawn since is withdrawn for reasons that
    whoever gave it did not know. Told by when it was asked for, which is the same on both rows or
    is not, whatever the clocks.
    """
    return item.asked_at == withdrawn.asked_at


def refuse(item: CancellationBatchItem, error: SubsidyError) -> None:
    """Write on the item why it was refused, and which cancellation was withdrawn in between."""
    item.code, item.message = error.code[:64], storable(str(error), limit=512)
    if isinstance(error, Conflict) and error.code == ReasonCode.WITHDRAWN:
        item.message = ""  # the code has words for each reader, in the language of each
        item.cancellation = error.cancellation


def changed_since(item: CancellationBatchItem, candidate: Candidate) -> Reason | None:
    """Why what was looked through does not hold: the order is another's by now.

    Or an explicit yes to a partly refunded order was given to other amounts.
    """
    target = candidate.target
    if candidate.scope != item.scope:
        return Reason.of(ReasonCode.CHANGED, _("The order has changed hands; select it again."))
    if not item.partial or target is None:
        return None
    seen = item.paid_amount, item.refunded_amount, item.subsidy_amount
    if seen == (target.paid_amount, target.refunded_amount, target.subsidy_amount):
        return None
    return Reason.of(ReasonCode.CHANGED)
