"""What callers select for a batch in other ways than by orders: found or not, what each comes to."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.db import transaction
from django.http import HttpRequest

from ..exceptions import InvalidRequest
from ..models import CancellationBatch, SubsidyCancellation
from ..orders import Identity, OrderAdapter, Reason, ReasonCode, Target
from .draft_items import write_items
from .drafting import empty_draft
from .looking_through import CHUNK, NOTHING_GIVEN, Candidate, Given, invalid, look_through, wish_in
from .transactions import write_alias


@dataclass(frozen=True, slots=True, kw_only=True)
class Selected:
    """One thing selected for a batch: an order, one transaction of one, or one without an order.

    With an `adapter` it is the `order`, None standing for one that does not exist; without one it
    is a transaction of no order, or nothing at all. `identity` names one transaction, `merchant`
    whose it has to be. `is_one`: it stands for a single transaction, so that an order of several is
    left out. `columns` is what the item shows of an order that was not found.
    """

    key: str = ""
    adapter: OrderAdapter | None = None
    order: Any = None
    identity: Identity | None = None
    merchant: str = "default"
    is_one: bool = True
    given: Given = NOTHING_GIVEN
    columns: Mapping[str, Any] = field(default_factory=dict)


def draft_selection(
    selection: Sequence[Selected],
    *,
    description: str | None = None,
    requested_by: Any = None,
    source: str = SubsidyCancellation.Source.SERVICE,
    http_request: HttpRequest | None = None,
) -> CancellationBatch:
    """Draft a batch of what was selected, item by item in that order; otherwise like `draft_batch`.

    The orders are taken as they are: whoever selected them has loaded those that exist for the
    request. Raises InvalidRequest for a description that WeChat Pay would refuse.
    """
    using = write_alias()
    seen: set[Identity] = set()
    position = 0
    with transaction.atomic(using=using):
        batch = empty_draft(
            description=description, requested_by=requested_by, source=source, using=using
        )
        for start in range(0, len(selection), CHUNK):
            chunk = selection[start : start + CHUNK]
            candidates = [each for selected in chunk for each in come_to(selected, batch=batch)]
            write_items(batch, candidates, position=position, seen=seen, http_request=http_request)
            position += len(candidates)
    return batch


def come_to(selected: Selected, *, batch: CancellationBatch) -> Iterable[Candidate]:
    """What a selection comes to: one candidate, or one for each transaction of an order."""
    if selected.adapter is None:
        return [replace(without_order(selected, batch=batch), columns=selected.columns)]
    found = look_through(
        selected.adapter, selected.order, key=selected.key, batch=batch, given=selected.given
    )
    candidates = [chosen_of(selected, found)] if selected.is_one else found
    return [replace(each, columns=selected.columns) for each in candidates]


def chosen_of(selected: Selected, candidates: Sequence[Candidate]) -> Candidate:
    """The one transaction that was meant, or why there is none."""
    if selected.identity is None:
        is_clear = len(candidates) == 1
        return candidates[0] if is_clear else left_out(selected, ReasonCode.SEVERAL_TRANSACTIONS)
    for candidate in candidates:
        if candidate.identity == selected.identity:
            belongs = candidate.target is None or candidate.target.merchant == selected.merchant
            if belongs or selected.merchant == "default":
                return candidate
            return left_out(selected, ReasonCode.NOT_THE_ORDERS)
        if candidate.target is None:  # nobody knows the order's transactions
            return candidate
    return left_out(selected, ReasonCode.NOT_FOUND)


def left_out(selected: Selected, code: ReasonCode) -> Candidate:
    """What is left out with that reason."""
    order = None if code == ReasonCode.NOT_FOUND else selected.order
    return Candidate(key=selected.key, order=order, reason=Reason.of(code), given=selected.given)


def without_order(selected: Selected, *, batch: CancellationBatch) -> Candidate:
    """A transaction that belongs to no order: no rules apply to it, or it is not found."""
    if selected.identity is None:
        return left_out(selected, ReasonCode.NOT_FOUND)
    sub_mchid, transaction_id = selected.identity
    target = Target(
        sub_mchid=sub_mchid,
        transaction_id=transaction_id,
        has_refund=True,
        merchant=selected.merchant,
    )
    try:
        wish = wish_in(batch, target, given=selected.given, facts={})
    except InvalidRequest as error:
        return Candidate(key="", target=target, reason=invalid(error), given=selected.given)
    return Candidate(key="", target=target, wish=wish, given=selected.given)
