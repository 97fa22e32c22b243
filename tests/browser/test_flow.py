"""From the shop's list of orders to the last answer, in both languages."""

import pytest
from playwright.sync_api import expect

from wechat_subsidies.services import draft_batch

from .flow import CHINESE, ENGLISH, ORDERS, confirm, progress, select

both = pytest.mark.parametrize("words", [CHINESE, ENGLISH], ids=["zh-hans", "en"])


@both
def test_the_subsidies_of_selected_orders_are_cancelled(
    windows, finance, make_order, gateway, words
):
    orders = [make_order() for _ in range(3)]
    page = windows.open(finance, language=words.language)
    select(page, orders[0].number, orders[2].number, words=words)
    expect(page.get_by_role("heading", name=words.sent)).to_contain_text("2")
    assert gateway.ledger == []
    confirm(page, words=words)
    expect(page.get_by_role("table").get_by_role("link", name=words.cancelled)).to_have_count(2)
    expect(progress(page, words=words)).to_have_attribute("value", "2")
    assert {call.transaction_id for call in gateway.ledger} == {
        orders[0].wechat_transaction_id,
        orders[2].wechat_transaction_id,
    }


@both
def test_one_finds_the_way_back_to_the_orders(windows, finance, make_order, words):
    order = make_order()
    page = windows.open(finance, language=words.language)
    select(page, order.number, words=words)
    page.get_by_role("link", name=words.back).click()
    expect(page).to_have_url(windows.url + ORDERS)


def test_somebody_who_is_not_logged_in_is_led_to_the_batch_after_it(windows, finance, make_order):
    batch = draft_batch([make_order()], requested_by=finance, source="admin")
    page = windows.open()
    page.goto(batch.get_absolute_url())
    page.get_by_label("Username").fill("lihua")
    page.get_by_label("Password").fill("lihua")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("button", name=ENGLISH.confirm)).to_be_visible()
