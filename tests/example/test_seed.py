"""The demo's shop."""

from collections import Counter

import pytest

from example_project.shop import seed
from example_project.shop.models import Order, Refund, Seller
from wechat_subsidies.models import SubsidyCancellation
from wechat_subsidies.orders import adapter_for
from wechat_subsidies.sandbox import Sandbox
from wechat_subsidies.services import cancel_subsidy_for_order

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def shop(gateway: Sandbox) -> Sandbox:
    seed.seed(gateway)
    return gateway


def reason_against(order: Order) -> str | None:
    adapter = adapter_for(Order)
    reason = adapter.why_not(order, adapter.targets(order)[0])
    return reason.code if reason else None


def test_every_kind_of_order_is_there(shop: Sandbox) -> None:
    reasons = Counter(reason_against(order) for order in adapter_for(Order).get_queryset())
    assert reasons == {
        None: 7,
        "not_refunded": 1,
        "partly_refunded": 2,
        "blocked": 2,
        "missing_transaction_id": 1,
        "missing_sub_mchid": 1,
    }


def test_a_combined_order_is_of_two_sellers(shop: Sandbox) -> None:
    assert Order.objects.filter(checkout="HD2001").values("seller").distinct().count() == 2


def test_an_order_has_two_refunds_that_make_up_its_price(shop: Sandbox) -> None:
    order = adapter_for(Order).get_queryset().get(number="SC1005")
    assert (order.refunds.count(), order.refunded_fen) == (2, order.paid_fen)


def test_one_subsidy_was_cancelled_before_the_demo_begins(shop: Sandbox) -> None:
    cancellation = SubsidyCancellation.objects.get()
    assert (cancellation.order_reference, cancellation.status) == ("SC1009", "succeeded")


def test_one_order_is_refused_by_wechat_pay_for_what_the_shop_does_not_know(shop: Sandbox) -> None:
    cancellation = cancel_subsidy_for_order(Order.objects.get(number="SC1010"))
    assert (cancellation.status, cancellation.reason) == ("failed", "invalid_request")
    assert "profit-shared" in cancellation.error_message


def test_seeding_again_changes_nothing_and_calls_nobody(shop: Sandbox) -> None:
    Order.objects.filter(number="SC1001").update(title="改过的名字")
    models = (Seller, Order, Refund, SubsidyCancellation)
    counts, calls = [model.objects.count() for model in models], len(shop.ledger)
    seed.seed(shop)
    assert [model.objects.count() for model in models] == counts
    assert len(shop.ledger) == calls
    assert Order.objects.get(number="SC1001").title == "改过的名字"


def test_a_sandbox_that_was_started_anew_knows_what_was_cancelled(shop: Sandbox) -> None:
    shop.reset()
    seed.seed(shop)
    order = Order.objects.get(number="SC1009")
    assert shop.is_cancelled(
        sub_mchid=order.seller.wechat_mchid, transaction_id=order.wechat_transaction_id
    )
