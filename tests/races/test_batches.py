"""Batches, lists of work and transactions with the same orders, at the same time."""

import threading

import pytest
from django.contrib.auth.models import User

from wechat_subsidies import services
from wechat_subsidies.models import (
    CancellationBatchItem,
    CancellationEvent,
    SubsidyCancellation,
)
from wechat_subsidies.sandbox import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def slow(gateway: Sandbox) -> None:
    """Calls take a while, in which others may take what is under way for what waits."""
    gateway.faults.add("delay", seconds=0.05)


def test_two_batches_in_opposite_order_send_each_order_once(
    at_once, assert_once, make_order, staff: User
) -> None:
    orders = [make_order() for _ in range(30)]
    batches = [
        services.draft_batch(each, requested_by=staff, source="admin")
        for each in (orders, orders[::-1])
    ]
    at_once(*[("confirm_in_the_admin", batch.pk) for batch in batches])
    services.process_due()
    assert_once(*[order.wechat_transaction_id for order in orders])
    items = CancellationBatchItem.objects.all()
    assert {item.status for item in items} == {"asked"}
    assert len({item.cancellation_id for item in items}) == 30


def test_sweeps_at_once_share_the_work(at_once, assert_once) -> None:
    names = [f"T{number:02}" for number in range(30)]
    for name in names:
        services.cancel_subsidy(sub_mchid="1900013401", transaction_id=name, send="later")
    at_once(*[("sweep",)] * 4)
    assert_once(*names)


@pytest.mark.parametrize("is_asked_for", [False, True])
def test_a_batch_stopped_amid_sweeps_is_sent_or_withdrawn_and_never_both(
    at_once, gateway: Sandbox, settings, make_order, is_asked_for: bool
) -> None:
    merchant = gateway.merchant_settings() | {"RATE_LIMIT": 40}
    settings.WECHAT_SUBSIDIES |= {"MERCHANTS": {"default": merchant}}
    orders = [make_order() for _ in range(40)]
    batch = services.cancel_subsidies(orders, send="later")
    if is_asked_for:
        services.slices.ask_for_confirmed_batches(stop=threading.Event())
    came = at_once(*[("sweep",)] * 2, *[("stop_batch_once_it_is_sent", batch.pk)] * 2)
    services.process_due()
    assert sorted(came[2:]) == [False, True]
    rows = dict(SubsidyCancellation.objects.values_list("transaction_id", "status"))
    sent = {call.transaction_id for call in gateway.ledger}
    assert rows == {each: "succeeded" if each in sent else "withdrawn" for each in rows}
    withdrawn = CancellationEvent.objects.values_list("cancellation__transaction_id", flat=True)
    assert sorted(withdrawn) == sorted(rows.keys() - sent)
    assert set(batch.items.values_list("status", "code")) <= {("asked", ""), ("refused", "stopped")}


def test_transactions_in_opposite_order_lose_nothing_and_double_nothing(
    at_once, assert_once
) -> None:
    names = [f"T{number:02}" for number in range(20)]
    acts = [("ask_in_one_transaction", *order) for order in (names, names[::-1])]
    came = at_once(*acts)
    assert "committed" in came
    services.process_due()
    assert_once(*names)


def test_work_lists_at_once_and_a_batch_ask_for_each_order_once(
    at_once, assert_once, make_order, staff: User
) -> None:
    orders = [make_order() for _ in range(60)]
    batch = services.draft_batch(orders[::-1], requested_by=staff, source="admin")
    at_once(("work_list",), ("work_list",), ("confirm_in_the_admin", batch.pk))
    services.process_due()
    assert_once(*[order.wechat_transaction_id for order in orders])
