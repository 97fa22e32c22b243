"""Combined orders, keyed by UUID, with several refunds in another table."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from wechat_subsidies import services
from wechat_subsidies.exceptions import NotEligible, SeveralTransactions
from wechat_subsidies.models import SubsidyCancellation
from wechat_subsidies.sandbox import Sandbox

from ..conftest import Run
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


def rows(*fields: str) -> list[tuple[Any, ...]]:
    return list(SubsidyCancellation.objects.order_by("transaction_id").values_list(*fields))


def test_cron_asks_for_each_transaction_and_leaves_out_the_partly_refunded_one(
    checkout: Checkout, gateway: Sandbox, run: Run
) -> None:
    part = checkout.parts.create(sub_mchid="1900013403", transaction_id="M3", paid_fen=500)
    PartRefund.objects.create(part=part, refund_id="R5", fen=100)
    Checkout.objects.create(number="C2").parts.create(sub_mchid="1", transaction_id="M4")
    said = run("cancel_refunded_subsidies")
    assert said[0] == "2 asked for; process_subsidy_cancellations sends them."
    assert said[1].startswith("1 left out: The order is only partly refunded")
    assert len(said) == 2  # nobody looked at the checkout without a refund
    assert run("cancel_refunded_subsidies")[0] == "There was nothing to ask for."
    services.process_due()
    assert rows("transaction_id", "status") == [("M1", "succeeded"), ("M2", "succeeded")]


def test_cron_leaves_the_transaction_alone_that_was_refunded_lately(
    checkout: Checkout, run: Run
) -> None:
    PartRefund.objects.filter(part__transaction_id="M1").update(
        moment=timezone.now() - timedelta(hours=3)
    )
    said = run("cancel_refunded_subsidies", "--older-than", "2h")
    assert said == [
        "1 asked for; process_subsidy_cancellations sends them.",
        "1 left out: refunded too recently.",
    ]
    assert rows("transaction_id") == [("M1",)]


def test_a_file_names_a_checkouts_transactions_one_by_one(
    checkout: Checkout, ask_by_file: Run
) -> None:
    said = ask_by_file("order_reference", "C1")
    assert said[0].startswith("Line 2: The order holds 2 WeChat Pay transactions")
    columns = "order_reference,sub_mchid,transaction_id"
    lines = [columns, "C1,1900013401,M1", "C1,1900013402,M2"]
    assert ask_by_file(*lines, "C1,1900013401,M2")[0] == "Line 4: No order has this transaction."
    assert ask_by_file(*lines)[0].startswith("2 asked for")
    assert rows("order_reference", "refund_id") == [("C1", "R1"), ("C1", "R3")]


def test_a_batch_stopped_half_way_is_not_taken_up_by_cron(
    checkout: Checkout, gateway: Sandbox, run: Run
) -> None:
    gateway.faults.add("rate_limited", transaction_id="M2")
    batch = services.cancel_subsidies([checkout], requested_by="lihua")
    assert rows("transaction_id", "status") == [("M1", "succeeded"), ("M2", "pending")]
    services.stop_batch(batch, stopped_by="lihua", note="the wrong checkout")
    assert rows("transaction_id", "status") == [("M1", "succeeded"), ("M2", "withdrawn")]
    assert run("cancel_refunded_subsidies") == ["There was nothing to ask for."]
    assert not services.may_share_profit(checkout)


def test_workers_send_each_transaction_of_a_checkout_that_is_keyed_by_a_uuid(
    checkout: Checkout, workers: None, gateway: Sandbox
) -> None:
    services.cancel_subsidies([checkout])
    services.cancel_subsidy(sub_mchid="1900013401", transaction_id="M1")  # repeated: no harm
    assert rows("transaction_id", "status") == [("M1", "succeeded"), ("M2", "succeeded")]
    assert len(gateway.calls()) == 2
