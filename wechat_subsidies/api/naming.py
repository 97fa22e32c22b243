"""How a request names an order of the shop's."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.core.exceptions import ValidationError as FieldError
from django.db import models
from django.http import HttpRequest
from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError

from .. import scoping
from ..orders import OrderAdapter, ReasonCode, adapters, as_written, find_order
from ..orders.mapped import MappedOrderAdapter
from ..services.eligibility import the_shops_code
from .errors import refused
from .fields import LARGEST_INTEGER


def not_found(field: str) -> ValidationError:
    """What is raised for an order that does not exist, or not for this caller."""
    return refused(field, code=ReasonCode.NOT_FOUND.value, words=ReasonCode.NOT_FOUND.label)


def order_named(values: Mapping[str, Any], *, request: HttpRequest) -> models.Model:
    """The order that `order` or `order_reference` names, whichever is given.

    Raises ValidationError, also for an order that does not exist for this request.
    """
    way = "order" if "order" in values else "order_reference"
    adapter, field = how_named(values, way=way)
    text = values[way]
    order = orders_with([text], field=field, adapter=adapter, request=request).get(text)
    if order is None:
        raise not_found(way)
    return order  # type: ignore[no-any-return]  # of the host's model


def how_named(values: Mapping[str, Any], *, way: str) -> tuple[OrderAdapter, Any]:
    """The adapter of the orders that are meant, and their field that `way` names. Raises ValidationError."""
    adapter = adapter_named(values.get("order_model"), way=way)
    return adapter, adapter.model._meta.pk if way == "order" else reference_field(adapter)


def adapter_named(label: str | None, *, way: str) -> OrderAdapter:
    """The adapter for the model of that label, or the only one there is. Raises ValidationError."""
    known = {adapter.model._meta.label_lower: adapter for adapter in adapters().values()}
    if not known:
        words = _("The shop's orders are not known here; give sub_mchid and transaction_id.")
        raise refused(way, code="not_available", words=words)
    if label is None and len(known) == 1:
        return next(iter(known.values()))
    labels = {"labels": ", ".join(sorted(each.model._meta.label for each in known.values()))}
    if label is None:
        words = _("There are orders of several models. Say which: %(labels)s.") % labels
        raise refused("order_model", code="required", words=words)
    if label.lower() not in known:
        words = _("There are no orders of that model; there are: %(labels)s.") % labels
        raise refused("order_model", code="unknown_model", words=words)
    return known[label.lower()]


def reference_field(adapter: OrderAdapter) -> "models.Field[Any, Any]":
    """The field that holds an order's reference. Raises ValidationError where it might name several."""
    path = adapter.paths.get("reference") if isinstance(adapter, MappedOrderAdapter) else None
    options = adapter.model._meta
    field = next((each for each in options.concrete_fields if each.name == str(path)), None)
    if field is None or not is_unique(field):
        words = _("Orders are not known by a unique reference here; name the order by “order”.")
        raise refused("order_reference", code="not_unique", words=words)
    return field


def is_unique(field: "models.Field[Any, Any]") -> bool:
    """Whether no two rows have the same value in this field alone."""
    constraints = field.model._meta.total_unique_constraints
    return field.unique or any(each.fields == (field.name,) for each in constraints)


def orders_with(
    texts: Iterable[str], *, field: Any, adapter: OrderAdapter, request: HttpRequest
) -> dict[str, Any]:
    """The orders with these values in a unique field, of those that exist for this request (one query).

    What the field cannot hold, no order has; and databases that compare without case are not
    believed. Raises NotEligible where the shop's code fails.
    """
    wanted = {text: value_of(text, field=field) for text in texts}
    values = [value for value in wanted.values() if value is not None]
    with the_shops_code("load orders of", adapter.label):
        chosen = as_written(adapter.get_queryset(request)).filter(**{f"{field.name}__in": values})
        orders = list(chosen)
    visible = scoping.visible_orders(orders, adapter=adapter, request=request)
    found = {getattr(order, field.attname): order for order in visible}
    return {text: found[value] for text, value in wanted.items() if value in found}


def value_of(text: str, *, field: Any) -> Any:
    """The text as the field has it; None for what it cannot hold."""
    try:
        value = field.to_python(text)
    except FieldError:
        return None
    if isinstance(value, int):  # int() reads «1 » and «٣», too, and not every integer fits
        is_plain = str(value) == text and abs(value) <= LARGEST_INTEGER
        return value if is_plain else None
    return value


def refuse_unknown_transaction(
    *, sub_mchid: str, transaction_id: str, request: HttpRequest
) -> None:
    """Raise ValidationError unless the transaction is one that this request may ask for.

    Raises NotEligible where the shop's code fails.
    """
    if not adapters():
        known = scoping.are_orderless_visible(request)
    else:
        with the_shops_code("find the order of the transaction", transaction_id):
            found = find_order(sub_mchid=sub_mchid, transaction_id=transaction_id, request=request)
        known = found is not None and scoping.is_order_visible(
            found[1], adapter=found[0], request=request
        )
    if not known:
        raise not_found("transaction_id")
