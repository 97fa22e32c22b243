"""Looking orders through: what each of their transactions would be asked for, or the reason why not."""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from django.http import HttpRequest

from .. import scoping
from ..exceptions import InvalidRequest, NotEligible, SubsidyError
from ..models import CancellationBatch
from ..orders import OrderAdapter, Reason, ReasonCode, Target, as_written
from ..texts import storable
from .eligibility import reason_against, targets_for
from .requester import Requester
from .wishes import SCOPE_LENGTH, Wish, order_facts, prepare

logger = logging.getLogger("wechat_subsidies")

CHUNK: Final = 500  # orders loaded, and items written, at a time


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


def load_orders(
    adapter: OrderAdapter, keys: Iterable[Any], *, request: HttpRequest | None = None
) -> dict[str, Any]:
    """The orders with these keys that exist for the request, by their key as text (one query)."""
    orders: Iterable[Any] = as_written(adapter.get_queryset(request)).filter(pk__in=keys)
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
    try:
        found = [
            candidate_for(adapter, order, target, batch=batch, given=given, scope=scope)
            for target in targets_for(adapter, order)
        ]
    except NotEligible as error:
        reason = Reason.of(ReasonCode(error.code), error.message)
        return [Candidate(key=key, order=order, reason=reason, scope=scope)]
    except Exception:
        logger.exception("The order %s %s could not be read.", adapter.model._meta.label, key)
        reason = Reason.of(ReasonCode.ADAPTER_ERROR)
        return [Candidate(key=key, reason=reason, scope=scope)]
    missing = Reason.of(ReasonCode.MISSING_TRANSACTION_ID)
    return found or [Candidate(key=key, order=order, reason=missing, scope=scope)]


def candidate_for(
    adapter: OrderAdapter,
    order: Any,
    target: Target,
    *,
    batch: CancellationBatch,
    given: Given,
    scope: str,
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
        key=str(order.pk),
        order=order,
        target=target,
        wish=wish,
        reason=reason,
        given=given,
        scope=scope,
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
        requester=Requester(batch.requested_by, batch.requested_by_name),
        source=batch.source,
        facts=facts,
    )


def invalid(error: SubsidyError) -> Reason:
    """The reason that an item gets for a wish that could not be prepared."""
    fields = getattr(error, "fields", {})
    if "merchant" in fields:
        return Reason.of(ReasonCode.UNKNOWN_MERCHANT, str(error))
    return Reason.of(ReasonCode.INVALID, str(error))
