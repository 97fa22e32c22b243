"""Which orders may have something to cancel, without loading all that there are."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.db.models import F
from django.utils import timezone

from example_project.shop.models import Order
from example_project.shop.subsidies import orders
from wechat_subsidies.orders import ImpossibleTarget, OrderAdapter, Target, adapter_for

MakeOrder = Callable[..., Order]

pytestmark = pytest.mark.django_db


class Plain(OrderAdapter):
    model = Order


def mapped(settings: Any, **paths: Any) -> None:
    mapping = settings.WECHAT_SUBSIDIES["ORDERS"]["shop.Order"]
    entry = {"shop.Order": {**mapping, **paths}}
    settings.WECHAT_SUBSIDIES = {**settings.WECHAT_SUBSIDIES, "ORDERS": entry}


def keys() -> list[Any]:
    return list(adapter_for(Order).candidates().values_list("pk", flat=True))


def with_refund_count(request: object) -> Any:
    return orders().annotate(refunded_or_none=F("refunds__fen"))


def test_an_annotated_flag_is_asked_of_the_database(make_order: MakeOrder) -> None:
    first, last = make_order(number="Z"), make_order(number="A")
    make_order(refunds=())
    assert keys() == [first.pk, last.pk]


def test_a_flag_that_is_a_field_is_asked_of_the_database(make_order: MakeOrder, settings) -> None:
    mapped(settings, has_refund="is_profit_shared")
    make_order()
    flagged = make_order(is_profit_shared=True)
    assert keys() == [flagged.pk]


def test_what_is_no_flag_but_a_column_has_to_have_a_value(make_order: MakeOrder, settings) -> None:
    mapped(settings, has_refund="refunded_or_none", queryset=f"{__name__}.with_refund_count")
    make_order(refunds=())
    zero = make_order(refunds=(0,))
    assert keys() == [zero.pk]  # 0 is told from 1 where the order is read


def test_a_method_is_not_asked_of_the_database(make_order: MakeOrder, settings) -> None:
    mapped(settings, has_refund="why_no_cancellation")
    both = [make_order().pk, make_order(refunds=()).pk]
    assert keys() == both


def test_an_adapter_that_says_nothing_has_all_its_orders_looked_at(make_order: MakeOrder) -> None:
    first, last = make_order(number="Z"), make_order(number="A", refunds=())
    assert list(Plain().candidates()) == [first, last]


def target(**values: Any) -> Target:
    return Target(sub_mchid="1", transaction_id="2", has_refund=True, **values).checked()


@pytest.mark.parametrize("name", ["paid_at", "refunded_at"])
def test_the_moments_of_payment_and_refund_may_be_mapped(
    make_order: MakeOrder, settings, name: str
) -> None:
    moment = datetime(2026, 1, 2, tzinfo=UTC)
    Order.mapped_moment = property(lambda order: moment)
    try:
        mapped(settings, **{name: "mapped_moment"})
        (found,) = adapter_for(Order).targets(orders().get(pk=make_order().pk))
    finally:
        del Order.mapped_moment
    assert getattr(found, name) == moment


@pytest.mark.parametrize("name", ["paid_at", "refunded_at"])
def test_a_moment_without_a_time_zone_is_taken_in_the_shops(name: str) -> None:
    naive = datetime(2026, 1, 2)
    assert getattr(target(**{name: naive}), name) == timezone.make_aware(naive)
    assert getattr(target(), name) is None


@pytest.mark.parametrize("name", ["paid_at", "refunded_at"])
@pytest.mark.parametrize("value", [date(2026, 1, 2), "2026-01-02T00:00:00Z", 1767312000])
def test_a_moment_that_is_none_is_refused(value: Any, name: str) -> None:
    with pytest.raises(ImpossibleTarget, match=f"{name} should be a datetime"):
        target(**{name: value})
