"""A batch that is stopped while it is being sent."""

from collections import Counter

from playwright.sync_api import expect

from wechat_subsidies.models import SubsidyCancellation

from .flow import confirm, progress, select

Status = SubsidyCancellation.Status

COUNT = 150  # more than one page of the list, more than are sent at a time


def stop(page, note):
    page.get_by_text("Stop this batch").click()
    page.get_by_label("Why").fill(note)
    page.get_by_role("button", name="Stop the batch").click()


def test_what_was_not_sent_yet_is_withdrawn_and_no_call_follows(
    windows, finance, make_order, gateway
):
    for _ in range(COUNT):
        make_order()
    gateway.faults.add("hang")
    page = windows.open(finance)
    select(page)
    confirm(page)
    gateway.wait_for_calls(1)
    stop(page, "The wrong orders")
    expect(page.get_by_text("Stopped by lihua")).to_be_visible()
    expect(page.get_by_text("The wrong orders")).to_be_visible()
    gateway.faults.clear()
    expect_every_outcome(page)
    statuses = Counter(SubsidyCancellation.objects.values_list("status", flat=True))
    assert statuses == {
        Status.SUCCEEDED: len(gateway.ledger),
        Status.WITHDRAWN: COUNT - len(gateway.ledger),
    }


def expect_every_outcome(page):
    """Look again until those that were under way have come back."""
    while progress(page).get_attribute("value") != str(COUNT):
        page.wait_for_timeout(200)
        page.reload()


def test_a_draft_is_stopped_before_anything_is_sent(windows, finance, make_order, gateway):
    page = windows.open(finance)
    select(page, make_order().number)
    stop(page, "Not today")
    expect(page.get_by_text("Stopped by lihua")).to_be_visible()
    expect(page.get_by_role("button", name="Confirm: cancel these subsidies")).to_have_count(0)
    assert gateway.ledger == []


def test_without_a_reason_nothing_is_stopped(windows, finance, make_order):
    page = windows.open(finance)
    select(page, make_order().number)
    stop(page, "")
    expect(page.get_by_label("Why")).to_be_focused()
    expect(page.get_by_role("button", name="Confirm: cancel these subsidies")).to_be_visible()
