"""People who press a button twice, go back, or have the same page in two windows."""

from playwright.sync_api import expect

from .flow import ENGLISH, confirm, progress, select

CONFIRMED_BEFORE = "This batch was confirmed already, by lihua. Nothing is sent twice."


def test_a_double_click_on_confirm_sends_once(windows, finance, make_order, gateway):
    page = windows.open(finance)
    select(page, make_order().number)
    page.get_by_role("button", name=ENGLISH.confirm).dblclick()
    expect(progress(page)).to_have_attribute("value", "1")
    assert len(gateway.ledger) == 1


def test_the_second_of_two_windows_is_told_that_once_was_enough(
    windows, finance, make_order, gateway
):
    first = windows.open(finance)
    select(first, make_order().number)
    second = windows.open(finance)
    second.goto(first.url)
    confirm(first)
    expect(progress(first)).to_have_attribute("value", "1")
    confirm(second)
    expect(second.get_by_text(CONFIRMED_BEFORE)).to_be_visible()
    expect(progress(second)).to_have_attribute("value", "1")
    assert len(gateway.ledger) == 1


def test_going_back_leads_to_the_progress_and_not_to_a_preview_to_confirm_again(
    windows, finance, make_order, gateway
):
    page = windows.open(finance)
    select(page, make_order().number)
    confirm(page)
    expect(progress(page)).to_have_attribute("value", "1")
    page.go_back()
    expect(progress(page)).to_have_attribute("value", "1")
    expect(page.get_by_role("button", name=ENGLISH.confirm)).to_have_count(0)
    assert len(gateway.ledger) == 1


def test_reloading_the_page_after_confirming_confirms_nothing_again(
    windows, finance, make_order, gateway
):
    page = windows.open(finance)
    select(page, make_order().number)
    confirm(page)
    expect(progress(page)).to_have_attribute("value", "1")
    page.reload()
    expect(page.get_by_text(CONFIRMED_BEFORE)).to_have_count(0)
    assert len(gateway.ledger) == 1


def test_an_order_that_was_deleted_meanwhile_is_a_line_that_says_so(
    windows, finance, make_order, gateway
):
    gone, stays = make_order(), make_order()
    page = windows.open(finance)
    select(page, gone.number, stays.number)
    gone.refunds.all().delete()
    gone.delete()
    confirm(page)
    row = page.get_by_role("row").filter(has_text=gone.number)
    expect(row).to_contain_text("There is no such order.")
    expect(page.get_by_role("row").filter(has_text=stays.number)).to_contain_text(ENGLISH.cancelled)
