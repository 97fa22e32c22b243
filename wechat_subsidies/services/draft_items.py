"""The items of a draft: what is left out since it is recorded already, out of sight or selected twice."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from django.http import HttpRequest

from .. import scoping
from ..models import CancellationBatch, CancellationBatchItem, SubsidyCancellation
from ..orders import Reason, ReasonCode, name_of
from ..texts import storable
from .looking_through import CHUNK, Candidate
from .transactions import write_alias

Item = CancellationBatchItem
Status = SubsidyCancellation.Status

RECORDED: dict[str, ReasonCode] = {
    Status.PENDING: ReasonCode.IN_PROGRESS,
    Status.SENDING: ReasonCode.IN_PROGRESS,
    Status.SUCCEEDED: ReasonCode.ALREADY_CANCELLED,
    Status.FAILED: ReasonCode.REFUSED_BEFORE,
    Status.NEEDS_REVIEW: ReasonCode.AWAITING_REVIEW,
    Status.WITHDRAWN: ReasonCode.WITHDRAWN,
}


def write_items(
    batch: CancellationBatch,
    candidates: Sequence[Candidate],
    *,
    position: int,
    seen: set[tuple[str, str]],
    http_request: HttpRequest | None = None,
) -> None:
    """Write a chunk of items. What is recorded already, or selected twice, is left out with that reason."""
    recorded = recorded_for(candidates, using=write_alias())
    hidden = hidden_among(recorded.values(), request=http_request)
    items = []
    for number, candidate in enumerate(candidates, start=position):
        target, identity = candidate.target, candidate.identity
        existing, reason = recorded.get(identity), candidate.reason
        if existing is not None and existing.pk in hidden:
            existing, reason = None, Reason.of(ReasonCode.OTHER_ORDER)
        elif existing is not None and not (existing.status == Status.WITHDRAWN and reason):
            reason = Reason.of(RECORDED[existing.status])
        elif candidate.wish and identity in seen:
            reason = Reason.of(ReasonCode.DUPLICATE)
        if reason is None:
            seen.add(identity)
        items.append(
            Item(
                batch_id=batch.pk,  # to set relations takes thousands of rows noticeably longer
                position=number,
                status=Item.Status.EXCLUDED if reason else Item.Status.DRAFT,
                code=reason.code if reason else "",
                message=storable(reason.own_words, limit=512) if reason else "",
                partial=candidate.given.partial
                # Of what was withdrawn the tick is still to come, the yes to its amounts is given.
                and (reason is None or reason.code == ReasonCode.WITHDRAWN)
                and bool(target and target.is_partly_refunded),
                cancellation_id=existing.pk if existing else None,
                asked_at=seen_withdrawn(existing),
                **item_columns(batch, candidate),
            )
        )
    Item.objects.using(write_alias()).bulk_create(items, batch_size=CHUNK)


def seen_withdrawn(existing: SubsidyCancellation | None) -> datetime | None:
    """When the cancellation was asked for that is seen to be withdrawn; None where none is."""
    is_withdrawn = existing is not None and existing.status == Status.WITHDRAWN
    return existing.asked_at if existing is not None and is_withdrawn else None


def recorded_for(
    candidates: Sequence[Candidate], *, using: str
) -> dict[tuple[str, str], SubsidyCancellation]:
    """The cancellations that the candidates' transactions have, by identity (one query)."""
    wanted = {c.target.transaction_id for c in candidates if c.target and c.target.transaction_id}
    rows = SubsidyCancellation.objects.using(using).filter(transaction_id__in=wanted)
    return {(row.sub_mchid, row.transaction_id): row for row in rows}


def hidden_among(
    rows: Iterable[SubsidyCancellation], *, request: HttpRequest | None
) -> Collection[int]:
    """The keys of those that do not exist for the request; without one all do."""
    keys = [row.pk for row in rows]
    if request is None or not keys or scoping.within(request) is None:
        return ()
    shown = scoping.visible(request).filter(pk__in=keys).values_list("pk", flat=True)
    return set(keys) - set(shown)


def item_columns(batch: CancellationBatch, candidate: Candidate) -> dict[str, Any]:
    """The columns of an item that tell which order and transaction it is, cut to their lengths."""
    order, target = candidate.order, candidate.target
    given, wish = candidate.given, candidate.wish
    columns: dict[str, Any] = {
        **candidate.columns,
        "order_pk": storable(candidate.key, limit=255),
        "refund_id_given": given.refund_id is not None,
        "description_given": given.description is not None,
    }
    if order is not None:
        columns["order_model"] = order._meta.concrete_model._meta.label
        columns["scope"] = candidate.scope
    if order is not None and target is None:
        columns["order_reference"] = storable(name_of(order), limit=128)
    if target is not None:
        columns |= {
            "order_reference": storable(target.reference, limit=128),
            "merchant": storable(target.merchant, limit=64),
            "sub_mchid": storable(target.sub_mchid, limit=32),
            "transaction_id": storable(target.transaction_id, limit=64),
            "refund_id": storable(target.refund_id, limit=64),
            "paid_amount": target.paid_amount,
            "refunded_amount": target.refunded_amount,
            "subsidy_amount": target.subsidy_amount,
        }
    if given.refund_id is not None:
        columns["refund_id"] = given.refund_id
    if wish is not None:
        columns["description"] = wish.request.description
    return columns
