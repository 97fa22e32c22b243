"""Orders by what has become of their subsidies, as far as the database can tell without loading them.

The states of `services.subsidy_states` are each order's own; these are what lists and counts can be had by.
They differ where an order's facts are properties or methods, which no database knows: then an order may
be listed as to be cancelled that is not, unless there are so few that each is looked at. Of an order
with several transactions, each state of any of them counts, and it is to be cancelled as long as no
cancellation is recorded for any.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import models, router
from django.db.models import Exists, OuterRef
from django.http import HttpRequest

from ..models import SubsidyCancellation
from ..models.cancellation import order_labels
from ..orders import OrderAdapter, adapter_for
from ..orders.mapped import MappedOrderAdapter, RowByRow
from ..orders.stored_keys import key_field, stored_key
from ..scoping import visible
from .candidates import Orders, candidates, keys_of, moment_path, paid_long_ago, within_scopes
from .subsidy_states import STATES, SubsidyState, states_of, statuses_of

Status = SubsidyCancellation.Status

MOST: Final = 5_000  # orders that are looked at to count some of them
LOOKED_AT: Final = 200  # orders loaded, where the database leaves no more, to tell for certain
FEW: Final = 2_000  # keys that a query may name


def can_be_told(model: type[models.Model]) -> bool:
    """Whether the database can tell the states of this model's orders.

    It has to have both tables, and keys whose text SQL can tell.
    """
    same = router.db_for_write(model) == router.db_for_write(SubsidyCancellation)
    return same and stored_key(model) is not None


def is_payment_known(model: type[models.Model], *, request: HttpRequest) -> bool:
    """Whether the database knows when orders of this model were paid.

    Raises ImproperlyConfigured for a model that ORDERS does not have.
    """
    adapter = adapter_for(model)
    return moment_path(adapter, "paid_at", adapter.get_queryset(request)) is not None


def in_state(orders: Orders, state: SubsidyState, *, request: HttpRequest) -> Orders:
    """Those of the orders in this state, by what exists for the request.

    Read where cancellations are written: staff look at what they have just done. Raises
    ImproperlyConfigured for a model that ORDERS does not have.
    """
    here = orders.using(router.db_for_write(SubsidyCancellation))
    if state is SubsidyState.TO_CANCEL:
        found = left_to_cancel(adapter_for(orders.model), request=request)
        return among(here, found)
    statuses = statuses_of(state)
    keys = few_recorded(orders.model, statuses, request=request)
    if keys is None:
        return here.filter(recorded(orders.model, statuses, request=request))
    return here.filter(pk__in=keys)


def few_recorded(
    model: type[models.Model], statuses: Iterable[str], *, request: HttpRequest
) -> list[Any] | None:
    """The keys of the orders with a cancellation in one of these statuses; None if there are many.

    Most states are those of few orders at a time. Looked up by their keys, they are found at once
    among a million, of which the database would otherwise look at each.
    """
    rows = visible(request).filter(order_model__in=order_labels(model), status__in=list(statuses))
    keys = list(rows.order_by().values_list("order_pk", flat=True)[: FEW + 1])
    return None if len(keys) > FEW else [key for text in keys for key in as_key(model, text)]


def as_key(model: type[models.Model], text: str) -> list[Any]:
    """A recorded key as the model has it; none where it cannot be one any more."""
    try:
        return [key_field(model).to_python(text)]
    except ValidationError:
        return []


def old(orders: Orders, *, request: HttpRequest) -> Orders:
    """Those that were paid over 150 days ago, whose subsidies are not cancelled, asked for or not.

    None where the database does not know when they were paid.
    """
    here = orders.using(router.db_for_write(SubsidyCancellation))
    found = left_long_ago(adapter_for(orders.model), request=request)
    if found is None:
        return here.none()
    return among(here, found)


def among(orders: Orders, left: "Left") -> Orders:
    """Those of the orders that are left to do.

    Looked at in the order of the list, until a page is full: of a bare sub-query for keys MariaDB
    would look at all first.
    """
    if left.is_certain:
        return orders.filter(pk__in=left.keys)
    same = left.orders.order_by().filter(pk=OuterRef("pk"))
    return orders.filter(RowByRow(Exists(same)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """How many orders; `is_least` where there may be more: only the latest were looked at."""

    number: int
    is_least: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """What is left to do of one model's orders.

    `to_cancel`: refunded, without a cancellation. `oldest`: since when the oldest of them has been
    refunded. `old`: paid over 150 days ago and not cancelled, asked for or not. None for what the
    database cannot tell.
    """

    to_cancel: Counted
    oldest: datetime | None
    old: Counted | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """Orders whose subsidies are left to do.

    `orders`: a query for all of them. `keys`: those among the latest 5,000 refunded orders; `is_least`
    if there are more refunded orders. `is_certain` where `keys` are all, and each was looked at; then
    `oldest` is since when the oldest of them has been refunded.
    """

    orders: Orders
    keys: list[Any]
    oldest: datetime | None = None
    is_least: bool = False
    is_certain: bool = False

    @property
    def counted(self) -> Counted:
        """How many there are."""
        return Counted(number=min(len(self.keys), MOST), is_least=self.is_least)


def waiting_among(orders: Orders, *, request: HttpRequest) -> Waiting | None:
    """What is left to do of these orders, by what exists for the request; None if nobody can tell.

    Looks at the latest 5,000 refunded orders and no more. Raises ImproperlyConfigured for a model
    that ORDERS does not have.
    """
    adapter = adapter_for(orders.model)
    if not can_be_counted(adapter, request=request):
        return None
    within = None
    if orders.query.has_filters():  # to look up all among all takes a tenth of the time
        within = keys_of(orders.using(router.db_for_write(SubsidyCancellation)))
    to_cancel = left_to_cancel(adapter, request=request, within=within)
    old = left_long_ago(adapter, request=request, within=within)
    return Waiting(
        to_cancel=to_cancel.counted,
        oldest=oldest_of(to_cancel, adapter),
        old=old.counted if old else None,
    )


def left_to_cancel(
    adapter: OrderAdapter, *, request: HttpRequest, within: Orders | None = None
) -> Left:
    """The orders that may have something to cancel and have no cancellation; a withdrawn one is none."""
    orders = candidates(adapter, request=request).order_by("-pk")
    orders = orders if within is None else orders.filter(pk__in=within)
    found = left_of(adapter, orders, STATES, request=request)
    return looked_at(found, {SubsidyState.TO_CANCEL}, request=request)


def oldest_of(left: Left, adapter: OrderAdapter) -> datetime | None:
    """Since when the oldest of them has been refunded; None where nobody can tell, or not of all.

    Where it is not known yet it is asked for by keys: a refund of each order that was looked at
    would have been looked up with it.
    """
    moment = moment_path(adapter, "refunded_at", left.orders)
    if left.is_certain or left.is_least or moment is None:
        return left.oldest
    rows = left.orders.filter(pk__in=left.keys).order_by()
    return min(filter(None, rows.values_list(moment, flat=True)), default=None)


def left_long_ago(
    adapter: OrderAdapter, *, request: HttpRequest, within: Orders | None = None
) -> Left | None:
    """The orders paid over 150 days ago whose subsidies may have to be cancelled, and are not yet.

    None where the database does not know when they were paid.
    """
    orders = paid_long_ago(adapter, request=request)
    if orders is None:
        return None
    orders = orders if within is None else orders.filter(pk__in=within)
    found = left_of(adapter, orders, [Status.SUCCEEDED], request=request)
    return looked_at(found, set(SubsidyState) - {SubsidyState.CANCELLED}, request=request)


def left_of(
    adapter: OrderAdapter, orders: Orders, statuses: Iterable[str], *, request: HttpRequest
) -> Left:
    """Those of the orders, which are sorted, without a cancellation in one of these statuses."""
    marked = orders.annotate(subsidy_is_recorded=recorded(orders.model, statuses, request=request))
    rows = list(marked.values_list("pk", "subsidy_is_recorded")[: MOST + 1])
    return Left(
        orders=marked.filter(subsidy_is_recorded=False),
        keys=[key for key, is_recorded in rows if not is_recorded],
        is_least=len(rows) > MOST,
    )


def looked_at(left: Left, wanted: Collection[SubsidyState], *, request: HttpRequest) -> Left:
    """The same for certain, where there are so few that each can be looked at."""
    if left.is_least or len(left.keys) > LOOKED_AT:
        return left
    states = states_of(left.keys, model=left.orders.model, request=request)
    keys, moments = [], []
    for key in left.keys:
        found = [each for each in states[str(key)] if each.state in wanted]
        if found:
            keys.append(key)
            moments += [each.target.refunded_at for each in found if each.target]
    oldest = min(filter(None, moments), default=None)
    return replace(left, keys=keys, oldest=oldest, is_certain=True)


def can_be_counted(adapter: OrderAdapter, *, request: HttpRequest) -> bool:
    """Whether the database can tell refunded orders from others, and those of the request's scopes."""
    if not can_be_told(adapter.model):
        return False
    if within_scopes(adapter, adapter.get_queryset(request), request=request) is None:
        return False
    if isinstance(adapter, MappedOrderAdapter):
        return adapter.column("has_refund", adapter.get_queryset(request)) is not None
    return type(adapter).candidates is not OrderAdapter.candidates


def recorded(model: type[models.Model], statuses: Iterable[str], *, request: HttpRequest) -> Exists:
    """The condition that an order of this model has a cancellation in one of these statuses."""
    rows = visible(request).order_by()
    return Exists(
        rows.filter(
            order_model__in=order_labels(model),
            order_pk=stored_key(model),
            status__in=list(statuses),
        )
    )
