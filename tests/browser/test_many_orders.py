"""2,000 orders and a gateway that takes its time."""

from collections import Counter

import pytest
from playwright.sync_api import expect

from example_project.shop.models import Order, Refund, Seller
from wechat_subsidies.models import CancellationBatch

from .flow import confirm, progress, select

COUNT = 2000


@pytest.fixture
def many(transactional_db, gateway):
    """So many orders, and a gateway that answers after 200 ms."""
    seller = Seller.objects.create(name="茶馆", wechat_mchid="1900013401")
    orders = Order.objects.bulk_create(
        Order(
            number=f"N{number:04}",
            seller=seller,
            title="龙井茶",
            wechat_transaction_id=f"42000000{number:020}",
            paid_fen=1000,
            subsidy_fen=200,
        )
        for number in range(COUNT)
    )
    Refund.objects.bulk_create(
        Refund(order=order, refund_id=f"50{order.pk:026}", fen=1000) for order in orders
    )
    gateway.faults.add("delay", seconds=0.2)
    return gateway


def calls_per_order(gateway):
    return Counter(Counter(call.transaction_id for call in gateway.ledger).values())


def test_all_of_them_are_sent_while_the_page_counts(windows, finance, many):
    page = windows.open(finance)
    select(page)
    expect(page.get_by_role("heading", name="Will be sent")).to_contain_text("2000")
    confirm(page)
    seen = watched(page)
    assert seen[-1] == COUNT
    assert len(seen) > 2, "the bar did not move while it was being sent"
    assert calls_per_order(many) == {1: COUNT}


def watched(page):
    """The values that the progress bar has shown until it was full."""
    seen = [0]
    while seen[-1] < COUNT:
        expect(progress(page)).not_to_have_attribute("value", str(seen[-1]), timeout=60_000)
        seen.append(int(progress(page).get_attribute("value")))
    return seen


def test_a_page_that_was_closed_goes_on_when_it_is_opened_again(windows, finance, many):
    page = windows.open(finance)
    select(page)
    confirm(page)
    many.wait_for_calls(100, timeout=60)
    page.close()
    page = windows.open(finance)
    page.goto(CancellationBatch.objects.get().get_absolute_url())
    assert watched(page)[-1] == COUNT
    assert calls_per_order(many) == {1: COUNT}
