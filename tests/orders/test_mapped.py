"""A mapping of paths makes transactions of a shop's orders."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from example_project.shop.models import Order, Refund
from example_project.shop.subsidies import orders
from wechat_subsidies.orders import (
    ImpossibleTarget,
    OrderAdapter,
    ReasonCode,
    Target,
    adapter_for,
    find_order,
)
from wechat_subsidies.orders.paths import Path

MakeOrder = Callable[..., Order]

pytestmark = pytest.mark.django_db


def target_of(order: Order) -> Target:
    (target,) = adapter_for(Order).targets(adapter_for(Order).get_queryset().get(pk=order.pk))
    return target


def test_the_paths_are_followed(make_order: MakeOrder) -> None:
    order = make_order(refunds=(300, 500))
    target = target_of(order)
    assert target == Target(
        sub_mchid="1900013401",
        transaction_id=order.wechat_transaction_id,
        has_refund=True,
        refund_id=order.refunds.latest("pk").refund_id,
        reference=order.number,
        paid_amount=1000,
        refunded_amount=800,
        subsidy_amount=200,
    )
    assert target.is_partly_refunded


def test_a_refund_that_failed_does_not_count(make_order: MakeOrder) -> None:
    order = make_order(refunds=())
    Refund.objects.create(order=order, refund_id="R", fen=1000, is_successful=False)
    assert not target_of(order).has_refund


def test_relations_are_fetched_with_the_orders(
    make_order: MakeOrder, django_assert_num_queries: Any
) -> None:
    for _ in range(5):
        make_order()
    adapter = adapter_for(Order)
    with django_assert_num_queries(1):
        assert len([adapter.targets(order) for order in adapter.get_queryset()]) == 5


def test_an_order_is_found_by_its_identifiers(make_order: MakeOrder) -> None:
    order = make_order()
    found = find_order(sub_mchid="1900013401", transaction_id=order.wechat_transaction_id)
    assert found == (adapter_for(Order), order)
    assert find_order(sub_mchid="1900013401", transaction_id="nothing") is None


def test_what_speaks_against_an_order_comes_before_its_partial_refund(
    make_order: MakeOrder,
) -> None:
    order = make_order(refunds=(300,), is_profit_shared=True)
    reason = adapter_for(Order).why_not(order, target_of(order))
    assert reason is not None
    assert (reason.code, reason.message) == (ReasonCode.BLOCKED, "该订单已分账")


def test_scope_and_merchant_may_be_mapped(make_order: MakeOrder, settings) -> None:
    mapping = settings.WECHAT_SUBSIDIES["ORDERS"]["shop.Order"]
    settings.WECHAT_SUBSIDIES = {
        **settings.WECHAT_SUBSIDIES,
        "ORDERS": {"shop.Order": {**mapping, "scope": "seller_id", "merchant": "seller.name"}},
    }
    order = make_order()
    assert adapter_for(Order).scope(order) == str(order.seller_id)
    assert target_of(order).merchant == "茶馆"


def test_a_model_without_an_entry_is_named() -> None:
    with pytest.raises(
        ImproperlyConfigured, match=r"no entry for shop\.Refund; it has: shop\.Order"
    ):
        adapter_for(Refund)


def test_the_admin_page_of_an_order_is_known(make_order: MakeOrder) -> None:
    order = make_order()
    assert adapter_for(Order).admin_url(str(order.pk)) == f"/admin/shop/order/{order.pk}/change/"


def test_the_shops_queryset_is_used(make_order: MakeOrder) -> None:
    order = make_order()
    assert orders().get(pk=order.pk).latest_refund_id == target_of(order).refund_id


def mapped(settings, **paths: Any) -> None:
    mapping = settings.WECHAT_SUBSIDIES["ORDERS"]["shop.Order"]
    orders = {"shop.Order": {**mapping, **paths}}
    settings.WECHAT_SUBSIDIES = {**settings.WECHAT_SUBSIDIES, "ORDERS": orders}


def test_an_amount_in_yuan_is_refused(make_order: MakeOrder, settings, monkeypatch) -> None:
    monkeypatch.setattr(Order, "paid_yuan", Decimal("10.50"), raising=False)
    mapped(settings, paid_amount="paid_yuan")
    with pytest.raises(ImpossibleTarget, match=r"paid_amount is Decimal '10\.50'"):
        target_of(make_order())


def test_a_flag_that_is_not_set_blocks_nothing(make_order: MakeOrder, settings) -> None:
    mapped(settings, blocked_because="is_profit_shared")
    assert target_of(make_order()).blocked_because == ""
    assert target_of(make_order(is_profit_shared=True)).blocked_because


def test_what_a_column_cannot_hold_no_order_has(make_order: MakeOrder, settings) -> None:
    make_order()
    mapped(settings, sub_mchid="seller_id")
    assert find_order(sub_mchid="letters", transaction_id="T") is None


def test_an_adapter_without_find_says_what_to_do() -> None:
    with pytest.raises(NotImplementedError, match=r"Write find\(\)"):
        OrderAdapter().find(sub_mchid="1", transaction_id="2")


def test_a_relation_without_a_row_has_no_value() -> None:
    assert Path.parse("seller.wechat_mchid").value(Order()) is None


def test_what_a_property_does_not_find_is_its_own_mistake(monkeypatch) -> None:
    def missing(order: Order) -> None:
        raise Refund.DoesNotExist

    monkeypatch.setattr(Order, "newest", property(missing), raising=False)
    with pytest.raises(Refund.DoesNotExist):
        Path.parse("newest.refund_id").value(Order())
