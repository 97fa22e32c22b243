"""The shop's handler of refund notifications."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from example_project.shop.models import Order, Refund
from wechat_subsidies.models import SubsidyCancellation
from wechat_subsidies.sandbox import Sandbox
from wechat_subsidies.services import process_due

pytestmark = pytest.mark.django_db(transaction=True)


def notify(order: Order, *, fen: int = 1000, status: str = "SUCCESS") -> int:
    told = {
        "transaction_id": order.wechat_transaction_id,
        "refund_id": "50300010012026112200010010001",
        "refund_status": status,
        "amount": {"total": 1000, "refund": fen},
    }
    answer = Client().post("/notifications/refund/", told, content_type="application/json")
    return answer.status_code


def test_the_gateway_may_hang_and_the_cancellation_is_only_recorded(
    gateway: Sandbox, make_order: Callable[..., Any]
) -> None:
    gateway.faults.add("hang")
    assert notify(make_order(refunds=())) == 204
    assert SubsidyCancellation.objects.get().status == "pending"
    assert gateway.ledger == []


def test_the_next_sweep_sends_what_the_handler_has_recorded(
    gateway: Sandbox, make_order: Callable[..., Any]
) -> None:
    gateway.faults.add("hang")
    notify(make_order(refunds=()))
    gateway.faults.clear()
    process_due()
    assert SubsidyCancellation.objects.get().status == "succeeded"


def test_a_repeated_notification_records_nothing_more(
    gateway: Sandbox, make_order: Callable[..., Any]
) -> None:
    order = make_order(refunds=())
    assert [notify(order), notify(order)] == [204, 204]
    assert (Refund.objects.count(), SubsidyCancellation.objects.count()) == (1, 1)


def test_a_partial_refund_is_recorded_and_left_to_staff(
    gateway: Sandbox, make_order: Callable[..., Any]
) -> None:
    assert notify(make_order(refunds=()), fen=300) == 204
    assert (Refund.objects.get().fen, SubsidyCancellation.objects.count()) == (300, 0)


def test_a_refund_that_failed_asks_for_nothing(
    gateway: Sandbox, make_order: Callable[..., Any]
) -> None:
    assert notify(make_order(refunds=()), status="ABNORMAL") == 204
    assert (Refund.objects.get().is_successful, SubsidyCancellation.objects.count()) == (False, 0)


def test_a_notification_of_an_unknown_order_is_not_taken(gateway: Sandbox, db: None) -> None:
    assert notify(Order(wechat_transaction_id="4200000000")) == 404
