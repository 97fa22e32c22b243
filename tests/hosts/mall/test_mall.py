"""Combined orders, keyed by UUID, with several refunds in another table."""

from typing import Any

import pytest

from wechat_subsidies import services
from wechat_subsidies.exceptions import NotEligible, SeveralTransactions
from wechat_subsidies.models import SubsidyCancellation
from wechat_subsidies.sandbox import Sandbox

from .models import Checkout, PartRefund

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def checkout(gateway: Sandbox, settings: Any) -> Checkout:
    """Two sellers' parts, both refunded; that of the second by its second try."""
    settings.WECHAT_SUBSIDIES = {
        **settings.WECHAT_SUBSIDIES,
        "ORDERS": {"mall.Checkout": "tests.hosts.mall.subsidies.CheckoutAdapter"},
    }
    checkout = Checkout.objects.create(number="C1")
    for number in (1, 2):
        part = checkout.parts.create(sub_mchid=f"190001340{number}", transaction_id=f"M{number}")
        PartRefund.objects.create(part=part, refund_id=f"R{number}", is_successful=number == 1)
    PartRefund.objects.create(part=part, refund_id="R3")
    return checkout


def test_a_checkout_alone_does_not_say_which_of_its_transactions(checkout: Checkout) -> None:
    with pytest.raises(SeveralTransactions, match="C1 holds 2"):
        services.cancel_subsidy_for_order(checkout)


def test_a_batch_cancels_each_of_them_with_the_newest_successful_refund(
    checkout: Checkout, gateway: Sandbox
) -> None:
    services.cancel_subsidies([checkout])
    rows = SubsidyCancellation.objects.for_order(checkout).order_by("transaction_id")
    assert list(rows.values_list("transaction_id", "refund_id", "status", "order_reference")) == [
        ("M1", "R1", "succeeded", "C1"),
        ("M2", "R3", "succeeded", "C1"),
    ]


def test_profit_may_be_shared_once_the_last_is_cancelled(checkout: Checkout) -> None:
    services.cancel_subsidy(sub_mchid="1900013401", transaction_id="M1")
    assert not services.may_share_profit(checkout)
    services.cancel_subsidy(sub_mchid="1900013402", transaction_id="M2")
    assert services.may_share_profit(checkout)


def test_the_rules_hold_for_one_transaction_of_it(checkout: Checkout) -> None:
    PartRefund.objects.filter(part__transaction_id="M2").delete()
    with pytest.raises(NotEligible) as refused:
        services.cancel_subsidy(sub_mchid="1900013402", transaction_id="M2")
    assert refused.value.code == "not_refunded"
