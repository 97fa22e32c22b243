"""Which orders may have something to cancel, as far as columns say: none is loaded to find out."""

from datetime import timedelta
from typing import Any, Final

from django.core.exceptions import FieldError, ValidationError
from django.db import models, router
from django.db.models import F, Q
from django.http import HttpRequest
from django.utils import timezone

from ..conf import app_settings
from ..models import SubsidyCancellation
from ..orders import OrderAdapter
from ..orders.mapped import MappedOrderAdapter
from ..scoping import scopes_of

Orders = models.QuerySet[Any]

# From the payment: its funds thaw by themselves after 180 days (docs/protocol.md), so that a month
# is left to find out what is wrong.
OLD_AFTER: Final = timedelta(days=150)


def keys_of(orders: Orders) -> Orders:
    """A sub-query for their keys."""
    return orders.order_by().values("pk")


def paid_long_ago(adapter: OrderAdapter, *, request: HttpRequest) -> Orders | None:
    """The orders paid over 150 days ago that may have something to cancel, asked for or not.

    The latest first. None where the database does not know when they were paid.
    """
    orders = candidates(adapter, request=request)
    path = moment_path(adapter, "paid_at", orders)
    if path is None:
        return None
    before = timezone.now() - OLD_AFTER  # without a time zone where the database keeps none
    return orders.filter(**{f"{path}__lte": before}).order_by(f"-{path}")


def moment_path(adapter: OrderAdapter, name: str, orders: Orders) -> str | None:
    """Where the database has the moment of that name; None where it does not."""
    if not isinstance(adapter, MappedOrderAdapter):
        return None
    field = adapter.column(name, orders)
    return adapter.paths[name].lookup if isinstance(field, models.DateTimeField) else None


def candidates(adapter: OrderAdapter, *, request: HttpRequest) -> Orders:
    """The orders that exist for the request and may have something to cancel, asked for or not."""
    orders = adapter.get_queryset(request).using(router.db_for_write(SubsidyCancellation))
    limited = within_scopes(adapter, orders, request=request)
    orders = orders if limited is None else limited
    if isinstance(adapter, MappedOrderAdapter):
        return without_excluded(adapter, adapter.refunded(orders))
    return orders.filter(pk__in=keys_of(adapter.candidates().using(orders.db)))


def within_scopes(adapter: OrderAdapter, orders: Orders, *, request: HttpRequest) -> Orders | None:
    """Those within the scopes of the request; None where the database cannot tell."""
    scopes = scopes_of(adapter, request=request)
    if scopes is None:
        return orders
    path = adapter.paths.get("scope") if isinstance(adapter, MappedOrderAdapter) else None
    if path is None:
        return None
    try:
        return orders.filter(**{f"{path.lookup}__in": sorted(scopes)})
    except (FieldError, ValueError, ValidationError):  # a property, or scopes that no column holds
        return None


def without_excluded(adapter: MappedOrderAdapter, orders: Orders) -> Orders:
    """Without those of which columns say that there is nothing to cancel.

    Orders that were not paid with WeChat Pay, above all.
    """
    for name in ("transaction_id", "sub_mchid"):
        field = own_column(adapter, name, orders)
        if field is not None:
            orders = orders.exclude(is_empty(adapter.paths[name].lookup, field))
    field = own_column(adapter, "blocked_because", orders)
    if isinstance(field, models.CharField | models.TextField | models.BooleanField):
        orders = orders.filter(is_empty(adapter.paths["blocked_because"].lookup, field))
    return orders if app_settings.partial_refunds != "refuse" else fully_refunded(adapter, orders)


def own_column(adapter: MappedOrderAdapter, name: str, orders: Orders) -> Any | None:
    """The field of a value that is in the orders' own table: a join costs more than it leaves out."""
    path = adapter.paths.get(name)
    return adapter.column(name, orders) if path and len(path.parts) == 1 else None


def is_empty(path: str, field: Any) -> Q:
    """The condition that a column has no value: NULL, and an empty text or false."""
    missing = Q(**{f"{path}__isnull": True})
    if isinstance(field, models.CharField | models.TextField):
        return missing | Q(**{path: ""})
    return missing | Q(**{path: False}) if isinstance(field, models.BooleanField) else missing


def fully_refunded(adapter: MappedOrderAdapter, orders: Orders) -> Orders:
    """Without those that are partly refunded, where the amounts are in columns."""
    if None in {adapter.column(name, orders) for name in ("paid_amount", "refunded_amount")}:
        return orders
    paid = adapter.paths["paid_amount"].lookup
    refunded = adapter.paths["refunded_amount"].lookup
    return orders.filter(Q(**{f"{paid}__isnull": True}) | Q(**{f"{refunded}__gte": F(paid)}))
