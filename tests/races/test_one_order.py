"""Several do something about one order at the same moment."""

import time

import pytest

from wechat_subsidies import clock, services
from wechat_subsidies.models import CancellationBatch, SubsidyCancellation
from wechat_subsidies.sandbox import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_double_click_confirms_once_and_sends_each_order_once(
    at_once, assert_once, gateway: Sandbox, make_order, staff
) -> None:
    gateway.faults.add("delay", seconds=0.3)
    orders = [make_order() for _ in range(3)]
    batch = services.draft_batch(orders, requested_by=staff, source="admin")
    answers = at_once(*[("confirm_in_the_admin", batch.pk)] * 2)
    assert answers == [[302, 302]] * 2
    services.process_due()  # what was confirmed after the other one's slice had ended
    assert_once(*[order.wechat_transaction_id for order in orders])
    assert CancellationBatch.objects.get().status == "asked"


def test_repeats_of_an_api_request_are_one_cancellation(
    at_once, assert_once, gateway: Sandbox, make_order
) -> None:
    gateway.faults.add("delay", seconds=0.3)
    transaction_id = make_order().wechat_transaction_id
    statuses = at_once(*[("post_to_the_api", transaction_id)] * 4)
    assert set(statuses) <= {200, 201, 202}
    services.process_due()
    assert_once(transaction_id)


def test_admin_api_service_and_sweeps_send_one_order_once(
    at_once, assert_once, gateway: Sandbox, make_order, staff
) -> None:
    gateway.faults.add("delay", seconds=0.3)
    order = make_order()
    batch = services.draft_batch([order], requested_by=staff, source="admin")
    at_once(
        ("confirm_in_the_admin", batch.pk),
        ("post_to_the_api", order.wechat_transaction_id),
        ("ask", order.wechat_transaction_id),
        ("sweep",),
        ("sweep",),
    )
    services.process_due()
    assert_once(order.wechat_transaction_id)
    item = CancellationBatch.objects.get().items.get()
    assert item.cancellation == SubsidyCancellation.objects.get()


def test_retries_at_once_are_one_call_a_second_after_the_first(
    at_once, assert_once, gateway: Sandbox, make_order
) -> None:
    gateway.faults.add("fail_result", times=1)
    row = services.cancel_subsidy_for_order(make_order())
    assert row.status == "failed"
    told = at_once(*[("retry", row.pk)] * 3, ("sweep",))
    too_late = [code for code in told if code in {"in_progress", "frozen"}]
    assert len(too_late) == 2
    wait_until_it_is_due(row)
    at_once(*[("sweep",)] * 3)
    assert_once(row.transaction_id, calls=2)


def wait_until_it_is_due(row: SubsidyCancellation) -> None:
    row.refresh_from_db()
    while row.send_after and row.send_after > clock.now("default"):
        time.sleep(0.05)
