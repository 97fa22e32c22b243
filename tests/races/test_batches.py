"""Two batches, or two transactions, with the same orders the other way round."""

import pytest
from django.contrib.auth.models import User

from wechat_subsidies import services
from wechat_subsidies.models import CancellationBatchItem
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


def test_transactions_in_opposite_order_lose_nothing_and_double_nothing(
    at_once, assert_once
) -> None:
    names = [f"T{number:02}" for number in range(20)]
    acts = [("ask_in_one_transaction", *order) for order in (names, names[::-1])]
    came = at_once(*acts)
    assert "committed" in came
    services.process_due()
    assert_once(*names)
