"""A mapping of paths makes transactions of a shop's orders."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from example_project.shop.models import Order, Refund
from example_project.shop.subsidies import orders
from wechat_subsidies.orders import ReasonCode, Target, adapter_for, find_order

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


def test_without_amounts_an_order_does_not_count_as_partly_refunded() -> None:
    target = Target(sub_mchid="1", transaction_id="2", has_refund=True, paid_amount=5)
    assert not target.is_partly_refunded


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
