"""The flow in a browser that runs no script."""

import pytest
from playwright.sync_api import expect

from .flow import CHINESE, ENGLISH, confirm, progress, select


@pytest.mark.parametrize("words", [CHINESE, ENGLISH], ids=["zh-hans", "en"])
def test_a_button_does_what_the_script_would(windows, finance, make_order, gateway, words):
    orders = [make_order(), make_order()]
    page = windows.open(finance, language=words.language, java_script_enabled=False)
    select(page, *(order.number for order in orders), words=words)
    confirm(page, words=words)
    expect(progress(page, words=words)).to_have_attribute("value", "0")
    assert gateway.ledger == []
    page.get_by_role("button", name=words.proceed).click()
    expect(progress(page, words=words)).to_have_attribute("value", "2")
    expect(page.get_by_role("table").get_by_role("link", name=words.cancelled)).to_have_count(2)


def test_a_batch_is_stopped_without_a_script_too(windows, finance, make_order, gateway):
    order = make_order()
    page = windows.open(finance, java_script_enabled=False)
    select(page, order.number)
    confirm(page)
    page.get_by_text("Stop this batch").click()
    page.get_by_label("Why").fill("The wrong orders")
    page.get_by_role("button", name="Stop the batch").click()
    expect(page.get_by_text("Stopped by lihua")).to_be_visible()
    expect(page.get_by_role("button", name=ENGLISH.proceed)).to_have_count(0)
    assert gateway.ledger == []
