"""What has become of orders' subsidies, a page of orders at a time. Nothing is changed here."""

import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.db.models import Q
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from ..conf import app_settings
from ..exceptions import NotEligible
from ..models import SubsidyCancellation
from ..models.cancellation import order_labels
from ..orders import OrderAdapter, Reason, ReasonCode, Target, adapter_for
from ..scoping import visible
from .eligibility import reason_against, targets_for
from .looking_through import load_orders

logger = logging.getLogger("wechat_subsidies")

Status = SubsidyCancellation.Status


class SubsidyState(models.TextChoices):
    """What has become of a subsidy; those that need a person's attention most come first."""

    NEEDS_REVIEW = "needs_review", _("Awaiting review")  # the outcome is not known
    REFUSED = "refused", _("Refused")  # by WeChat Pay
    TO_CANCEL = (
        "to_cancel",
        _("Subsidy to cancel"),
    )  # refunded, and nobody asked, or it was withdrawn
    IN_PROGRESS = "in_progress", _("In progress")
    CANCELLED = "cancelled", _("Subsidy cancelled")


STATES: Mapping[str, SubsidyState] = {
    Status.PENDING: SubsidyState.IN_PROGRESS,
    Status.SENDING: SubsidyState.IN_PROGRESS,
    Status.SUCCEEDED: SubsidyState.CANCELLED,
    Status.FAILED: SubsidyState.REFUSED,
    Status.NEEDS_REVIEW: SubsidyState.NEEDS_REVIEW,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionState:
    """What has become of the subsidy of one transaction of an order.

    `state` is None where it is not to be cancelled; `reason` then says why, if anything is to be
    said. Beside TO_CANCEL it says that an explicit yes is needed. `cancellation` is the recorded one,
    `target` what the shop says of the transaction, as far as it is still the order's.
    """

    state: SubsidyState | None
    reason: Reason | None = None
    cancellation: SubsidyCancellation | None = None
    target: Target | None = None


def statuses_of(state: SubsidyState) -> list[str]:
    """The statuses of cancellations in that state."""
    return [status for status, its_state in STATES.items() if its_state is state]


def states_of(
    keys: Iterable[Any], *, model: type[models.Model], request: HttpRequest
) -> dict[str, list[TransactionState]]:
    """The states of these orders' transactions, by the order's key as text, most urgent first.

    An order that does not exist for the request has none. Costs two queries and those of the
    adapter's own queryset, however many orders there are. Raises ImproperlyConfigured for a model
    that ORDERS does not have.
    """
    adapter, wanted = adapter_for(model), list(keys)
    loaded = loaded_by(adapter, wanted, request=request)
    targets = {key: targets_or_reason(adapter, order) for key, order in loaded.items()}
    rows = rows_for(map(str, wanted), targets.values(), model=model, request=request)
    recorded = Recorded.of(rows, model=model)
    return {
        key: states_of_order(
            adapter, loaded.get(key), targets.get(key, []), key=key, recorded=recorded
        )
        for key in map(str, wanted)
    }


Found = Sequence[Target] | Reason


def loaded_by(adapter: OrderAdapter, keys: list[Any], *, request: HttpRequest) -> dict[str, Any]:
    """The orders that exist for the request, by key as text; none where the shop's code fails."""
    try:
        return load_orders(adapter, keys, request=request)
    except Exception:
        logger.exception("Orders of %s cannot be loaded.", adapter.label)
        return {}


def targets_or_reason(adapter: OrderAdapter, order: Any) -> Found:
    """The order's transactions, or why there are none; the traceback of the shop's code is in the log."""
    try:
        return targets_for(adapter, order) or Reason.of(ReasonCode.MISSING_TRANSACTION_ID)
    except NotEligible as error:
        return Reason.of(ReasonCode(error.code), error.message)


def rows_for(
    keys: Iterable[str], found: Iterable[Found], *, model: type[models.Model], request: HttpRequest
) -> list[SubsidyCancellation]:
    """The cancellations of these orders that exist for the request (one query).

    Those recorded under the order, and those of its transactions: asked for by their identifiers
    alone, they may be recorded under no order.
    """
    transactions = {
        target.transaction_id
        for each in found
        if not isinstance(each, Reason)
        for target in each
        if target.transaction_id
    }
    under_orders = Q(order_model__in=order_labels(model), order_pk__in=list(keys))
    return list(visible(request).filter(under_orders | Q(transaction_id__in=transactions)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """Cancellations by the sub-merchant and ID of their transaction, and by the key of their order."""

    by_transaction: Mapping[tuple[str, str], SubsidyCancellation]
    by_order: Mapping[str, Sequence[SubsidyCancellation]]

    @classmethod
    def of(cls, rows: Iterable[SubsidyCancellation], *, model: type[models.Model]) -> "Recorded":
        """These cancellations, for orders of that model."""
        by_transaction, by_order = {}, defaultdict(list)
        for row in rows:
            by_transaction[row.sub_mchid, row.transaction_id] = row
            if row.order_model in order_labels(model):
                by_order[row.order_pk].append(row)
        return cls(by_transaction=by_transaction, by_order=by_order)


def states_of_order(
    adapter: OrderAdapter, order: Any | None, found: Found, *, key: str, recorded: Recorded
) -> list[TransactionState]:
    """The states of one order's transactions.

    What is recorded under the order is told, too, where its transaction is no longer the order's.
    """
    targets: Sequence[Target] = [] if isinstance(found, Reason) else found
    states = [
        state_of(
            adapter,
            order,
            target,
            recorded.by_transaction.get((target.sub_mchid, target.transaction_id)),
        )
        for target in targets
    ]
    told = {state.cancellation.pk for state in states if state.cancellation}
    states += [
        TransactionState(state=STATES[row.status], cancellation=row)
        for row in recorded.by_order.get(key, [])
        if row.pk not in told and row.status in STATES
    ]
    if not states and isinstance(found, Reason):
        return [TransactionState(state=None, reason=found)]
    return most_urgent_first(states)


def state_of(
    adapter: OrderAdapter, order: Any, target: Target, row: SubsidyCancellation | None
) -> TransactionState:
    """The state of one transaction; a withdrawn cancellation counts as none."""
    facts: dict[str, Any] = {"cancellation": row, "target": target}
    if row is not None and row.status in STATES:
        return TransactionState(state=STATES[row.status], **facts)
    try:
        reason = reason_against(adapter, order, target, partial=False)
    except NotEligible as error:
        reason = Reason.of(ReasonCode(error.code), error.message)
    is_asked = reason is not None and reason.code == ReasonCode.PARTLY_REFUNDED
    if reason is None or (is_asked and app_settings.partial_refunds == "ask"):
        return TransactionState(state=SubsidyState.TO_CANCEL, reason=reason, **facts)
    return TransactionState(state=None, reason=reason, **facts)


def most_urgent_first(states: list[TransactionState]) -> list[TransactionState]:
    """The same, those first that need attention most, and those last that are not to be cancelled."""
    order = list(SubsidyState)
    return sorted(states, key=lambda each: order.index(each.state) if each.state else len(order))
