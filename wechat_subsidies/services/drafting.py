"""Drafting a batch: which of the selected orders would be sent, which are left out, and why."""

import logging
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from django.db import models, transaction
from django.http import HttpRequest

from .. import scoping
from ..exceptions import InvalidRequest, NotEligible, SubsidyError
from ..models import CancellationBatch, CancellationBatchItem, SubsidyCancellation
from ..orders import OrderAdapter, Reason, ReasonCode, Target, adapter_for, model_labelled, name_of
from ..texts import storable
from ..wechatpay import InvalidParameter, check_description
from .eligibility import reason_against, targets_for
from .requester import Requester
from .transactions import write_alias
from .wishes import SCOPE_LENGTH, Wish, order_facts, prepare, refused

logger = logging.getLogger("wechat_subsidies")

CHUNK = 500  # orders loaded, and items written, at a time
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What was given for one item alone; None and False: the order's, the batch's or the settings'."""

    description: str | None = None
    refund_id: str | None = None
    partial: bool = False


NOTHING_GIVEN: Final = Given()


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One transaction of a selected order: the wish that would be asked, or the reason why not.

    `columns`: what the item shows of an order that was named and not found.
    """

    key: str
    order: Any = None
    target: Target | None = None
    wish: Wish | None = None
    reason: Reason | None = None
    given: Given = NOTHING_GIVEN
    scope: str = ""
    columns: Mapping[str, Any] = field(default_factory=dict)

    @property
    def identity(self) -> tuple[str, str]:
        """The transaction's sub-merchant and ID, empty where it is not known."""
        return (self.target.sub_mchid, self.target.transaction_id) if self.target else ("", "")


def draft_batch(
    orders: Iterable[models.Model],
    *,
    description: str | None = None,
    requested_by: Any = None,
    partial: bool = False,
    source: str = SubsidyCancellation.Source.SERVICE,
    http_request: HttpRequest | None = None,
) -> CancellationBatch:
    """Draft a batch of these orders (a queryset or any iterable); nothing is sent before it is confirmed.

    Only the orders' keys are taken: the orders themselves are loaded through their adapter, so that
    one that does not exist for `http_request` is left out like one that never was. `partial=True`
    is the explicit yes to partly refunded orders. The batch's `get_absolute_url()` is the page on
    which staff look it through. Raises InvalidRequest for a description that WeChat Pay would
    refuse.
    """
    using = write_alias()
    given = Given(partial=partial)
    with transaction.atomic(using=using):
        batch = empty_draft(
            description=description, requested_by=requested_by, source=source, using=using
        )
        position = 0
        seen: set[tuple[str, str]] = set()
        for model, keys in keys_by_model(orders):
            adapter = adapter_for(model)
            for chunk in chunks(keys):
                loaded = load_orders(adapter, chunk, request=http_request)
                candidates = [
                    candidate
                    for key in map(str, chunk)
                    for candidate in look_through(
                        adapter, loaded.get(key), key=key, batch=batch, given=given
                    )
                ]
                write_items(
                    batch, candidates, position=position, seen=seen, http_request=http_request
                )
                position += len(candidates)
    return batch


def renew_draft(
    batch: CancellationBatch, *, requested_by: Any = None, http_request: HttpRequest | None = None
) -> CancellationBatch:
    """Draft a batch of the same orders anew, as they are by now; the old one stays as it is.

    Only orders are taken over: not what was asked for without one, nor what was not found.
    """
    items = batch.items.using(write_alias()).order_by("position")
    keys = list(items.values_list("order_model", "order_pk"))
    known = {label: model_labelled(label) for label in {label for label, _key in keys}}
    orders = [(known[label], key) for label, key in keys]
    return draft_batch(
        (model(pk=model._meta.pk.to_python(key)) for model, key in orders if model),
        description=batch.description or None,
        requested_by=requested_by,
        source=batch.source,
        http_request=http_request,
    )


def empty_draft(
    *, description: str | None, requested_by: Any, source: str, using: str
) -> CancellationBatch:
    """A draft without items. Raises InvalidRequest for a description that WeChat Pay would refuse."""
    refuse_bad_description(description)
    requester = Requester.of(requested_by)
    return CancellationBatch.objects.using(using).create(
        source=source,
        description=description or "",
        requested_by=requester.user,
        requested_by_name=requester.name,
    )


def refuse_bad_description(description: str | None) -> None:
    """Raise InvalidRequest for a description that WeChat Pay would refuse; none at all is fine."""
    if not description:
        return
    try:
        check_description(description)
    except InvalidParameter as error:
        raise refused(error) from error


def keys_by_model(orders: Iterable[models.Model]) -> Iterator[tuple[type[models.Model], list[Any]]]:
    """The orders' models and keys, each key once, in the order given."""
    if isinstance(orders, models.QuerySet):
        yield orders.model, list(dict.fromkeys(orders.values_list("pk", flat=True)))
        return
    keys: dict[type[models.Model], dict[Any, None]] = {}
    for order in orders:
        keys.setdefault(type(order), {})[order.pk] = None
    for model, unique in keys.items():
        yield model, list(unique)


def chunks(keys: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """The keys, `CHUNK` at a time."""
    for start in range(0, len(keys), CHUNK):
        yield keys[start : start + CHUNK]


def load_orders(
    adapter: OrderAdapter, keys: Iterable[Any], *, request: HttpRequest | None = None
) -> dict[str, Any]:
    """The orders with these keys that exist for the request, by their key as text (one query)."""
    orders: Iterable[Any] = adapter.get_queryset(request).filter(pk__in=keys)
    if request is not None:
        orders = scoping.visible_orders(orders, adapter=adapter, request=request)
    return {str(order.pk): order for order in orders}


def look_through(
    adapter: OrderAdapter,
    order: Any | None,
    *,
    key: str,
    batch: CancellationBatch,
    given: Given = NOTHING_GIVEN,
) -> list[Candidate]:
    """What an order comes to, transaction by transaction; None stands for one that does not exist.

    An order in which the shop's own code fails is left out, the traceback is in the log.
    """
    if order is None:
        return [Candidate(key=key, reason=Reason.of(ReasonCode.NOT_FOUND), given=given)]
    scope = scope_kept(order, adapter=adapter)
    found = each_transaction(adapter, order, key=key, batch=batch, given=given)
    return [replace(candidate, scope=scope) for candidate in found]


def each_transaction(
    adapter: OrderAdapter, order: Any, *, key: str, batch: CancellationBatch, given: Given
) -> list[Candidate]:
    """What the transactions of an order come to, of which there is at least one or a reason why not."""
    try:
        found = [
            candidate_for(adapter, order, target, batch=batch, given=given)
            for target in targets_for(adapter, order)
        ]
    except NotEligible as error:
        reason = Reason.of(ReasonCode(error.code), error.message)
        return [Candidate(key=key, order=order, reason=reason)]
    except Exception:
        logger.exception("The order %s %s could not be read.", adapter.model._meta.label, key)
        return [Candidate(key=key, reason=Reason.of(ReasonCode.ADAPTER_ERROR))]
    missing = Reason.of(ReasonCode.MISSING_TRANSACTION_ID)
    return found or [Candidate(key=key, order=order, reason=missing)]


def candidate_for(
    adapter: OrderAdapter, order: Any, target: Target, *, batch: CancellationBatch, given: Given
) -> Candidate:
    """One transaction of an order: the wish that would be asked, and what speaks against it."""
    reason, wish = reason_against(adapter, order, target, partial=given.partial), None
    if reason is None or reason.code == ReasonCode.PARTLY_REFUNDED:
        try:
            facts = order_facts(adapter, order, target)
            wish = wish_in(batch, target, given=given, facts=facts)
        except InvalidRequest as error:
            reason = invalid(error)
    return Candidate(
        key=str(order.pk), order=order, target=target, wish=wish, reason=reason, given=given
    )


def scope_kept(order: Any, *, adapter: OrderAdapter) -> str:
    """The order's scope as items keep it; empty where it cannot be read, or not be kept whole."""
    scope = scoping.scope_of(order, adapter=adapter) or ""
    return scope if storable(scope, limit=SCOPE_LENGTH) == scope else ""


def wish_in(
    batch: CancellationBatch, target: Target, *, given: Given, facts: dict[str, Any]
) -> Wish:
    """What a batch asks for one transaction. Raises InvalidRequest for what WeChat Pay would refuse."""
    return prepare(
        target,
        description=given.description or batch.description or None,
        refund_id=given.refund_id,
        merchant=target.merchant,
        requested_by=batch.requested_by or batch.requested_by_name,
        source=batch.source,
        facts=facts,
    )


def invalid(error: SubsidyError) -> Reason:
    """The reason that an item gets for a wish that could not be prepared."""
    fields = getattr(error, "fields", {})
    if "merchant" in fields:
        return Reason.of(ReasonCode.UNKNOWN_MERCHANT, str(error))
    return Reason.of(ReasonCode.INVALID, str(error))


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
                batch=batch,
                position=number,
                status=Item.Status.EXCLUDED if reason else Item.Status.DRAFT,
                code=reason.code if reason else "",
                message=storable(reason.own_words, limit=512) if reason else "",
                partial=candidate.given.partial
                # Of what was withdrawn the tick is still to come, the yes to its amounts is given.
                and (reason is None or reason.code == ReasonCode.WITHDRAWN)
                and bool(target and target.is_partly_refunded),
                cancellation=existing,
                **item_columns(batch, candidate),
            )
        )
    Item.objects.using(write_alias()).bulk_create(items, batch_size=CHUNK)


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
