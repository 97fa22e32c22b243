"""From the valid body of a batch to what the service takes: what each item names, found or not."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.db import models
from django.http import HttpRequest
from rest_framework.exceptions import ValidationError

from .. import scoping
from ..exceptions import NotEligible
from ..orders import Identity, OrderAdapter, adapters, find_orders
from ..services import Given, Selected
from ..services.eligibility import the_shops_code
from . import naming
from .bodies import NewCancellationSerializer
from .errors import refused

Values = Mapping[str, Any]
Found = dict[tuple[str, str], tuple[OrderAdapter, Any]]  # by the field that names it, and the name


def selection_of(values: Values, *, request: HttpRequest) -> list[Selected]:
    """What the values of a NewBatchSerializer select, in their order.

    What does not exist for the request is there as not found. Raises ValidationError for a model
    that is unknown, a reference that is none here, and where the shop's code cannot look for orders.
    """
    way, select = ("orders", by_key) if "orders" in values else ("items", by_items)
    try:
        return list(select(values, request=request))
    except NotEligible as error:
        raise refused(way, code=error.code, words=str(error)) from error


def by_key(values: Values, *, request: HttpRequest) -> Iterator[Selected]:
    """What `orders` selects: of each order all transactions."""
    adapter = naming.adapter_named(values.get("order_model"), way="orders")
    found = naming.orders_with(
        values["orders"], field=adapter.model._meta.pk, adapter=adapter, request=request
    )
    given = Given(partial=values["partial"])
    for key in values["orders"]:
        order = found.get(key)
        yield Selected(key=key, adapter=adapter, order=order, is_one=False, given=given)


def by_items(values: Values, *, request: HttpRequest) -> Iterator[Selected]:
    """What `items` selects: each one transaction."""
    items: Sequence[Values] = values["items"]
    transactions = transactions_of(items, request=request)
    named = orders_named(items, request=request)
    are_visible = bool(adapters()) or scoping.are_orderless_visible(request)
    for number, item in enumerate(items):
        given = Given(
            description=item.get("description"),
            refund_id=item.get("refund_id"),
            partial=item.get("partial", values["partial"]),
        )
        if number in named:
            yield by_name(item, named[number], given=given)
        else:
            yield by_identifiers(item, transactions, given=given, are_visible=are_visible)


def by_name(item: Values, found: tuple[OrderAdapter, Any], *, given: Given) -> Selected:
    """What an item selects that names an order by its key or reference."""
    adapter, order = found
    key = str(order.pk) if order is not None else item.get("order", "")
    shown = {} if order is not None else {"order_reference": item.get("order_reference", "")}
    return Selected(key=key, adapter=adapter, order=order, given=given, columns=shown)


def by_identifiers(
    item: Values,
    transactions: dict[Identity, tuple[OrderAdapter, Any]],
    *,
    given: Given,
    are_visible: bool,
) -> Selected:
    """What an item selects that names a transaction."""
    identity = item["sub_mchid"], item["transaction_id"]
    adapter, order = transactions.get(identity, (None, None))
    may_be_without_order = are_visible and not adapters()
    return Selected(
        key=str(order.pk) if order is not None else "",
        adapter=adapter,
        order=order,
        identity=identity if order is not None or may_be_without_order else None,
        merchant=item.get("merchant", "default"),
        given=given,
        columns=dict(zip(("sub_mchid", "transaction_id"), identity, strict=True)),
    )


def transactions_of(
    items: Sequence[Values], *, request: HttpRequest
) -> dict[Identity, tuple[OrderAdapter, Any]]:
    """The orders of the transactions that items name, of those that exist for the request."""
    wanted = [
        (item["sub_mchid"], item["transaction_id"]) for item in items if "transaction_id" in item
    ]
    with the_shops_code("find orders of transactions, such as", wanted[:1]):
        found = find_orders(wanted, request=request)
    by_adapter: dict[OrderAdapter, dict[Identity, Any]] = {}
    for identity, (adapter, order) in found.items():
        by_adapter.setdefault(adapter, {})[identity] = order
    for adapter, orders in by_adapter.items():
        visible = scoping.visible_orders(orders.values(), adapter=adapter, request=request)
        keys = {order.pk for order in visible}
        for identity, order in orders.items():
            if order.pk not in keys:
                del found[identity]
    return found


def orders_named(
    items: Sequence[Values], *, request: HttpRequest
) -> dict[int, tuple[OrderAdapter, models.Model | None]]:
    """The adapters and orders of the items that name an order, by the item's number.

    One query for each model and way to name an order.
    """
    wanted: dict[tuple[OrderAdapter, Any], dict[int, str]] = {}
    for number, item in enumerate(items):
        way = NewCancellationSerializer.way_of(item)
        if way == "transaction_id":
            continue
        try:
            adapter, field = naming.how_named(item, way=way)
        except ValidationError as error:
            raise ValidationError({f"items.{number}": error.detail}) from error
        wanted.setdefault((adapter, field), {})[number] = item[way]
    found: dict[int, tuple[OrderAdapter, models.Model | None]] = {}
    for (adapter, field), texts in wanted.items():
        orders = naming.orders_with(texts.values(), field=field, adapter=adapter, request=request)
        found |= {number: (adapter, orders.get(text)) for number, text in texts.items()}
    return found
