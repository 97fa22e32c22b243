"""What a person decides about a cancellation, and what leaves the admin as a file."""

from pathlib import Path

from playwright.sync_api import expect

from wechat_subsidies import services
from wechat_subsidies.models import SubsidyCancellation

from .flow import ENGLISH, progress
from .scene import Texts


def cancellation():
    return SubsidyCancellation.objects.get()


def refused_page(windows, finance, make_order, gateway):
    """The page of a cancellation that WeChat Pay has refused; the next call is not refused."""
    gateway.faults.add("invalid_request", times=1)
    services.cancel_subsidy_for_order(make_order(), requested_by=finance)
    page = windows.open(finance)
    page.goto("/admin/wechat_subsidies/subsidycancellation/")
    page.get_by_role("link", name=cancellation().order_reference).click()
    return page


def test_what_was_refused_is_corrected_and_sent_again(windows, finance, make_order, gateway):
    page = refused_page(windows, finance, make_order, gateway)
    page.get_by_role("link", name="Send again…").click()
    page.get_by_label("Description").fill("Refunded in November")
    page.get_by_role("button", name="Send again").click()
    expect(page.get_by_text("It is sent again.")).to_be_visible()
    services.process_due()
    assert cancellation().status == "succeeded"
    assert b"Refunded in November" in gateway.ledger[-1].body


def test_the_page_of_a_decision_decides_nothing_by_itself(windows, finance, make_order, gateway):
    page = refused_page(windows, finance, make_order, gateway)
    page.get_by_role("link", name="Send again…").click()
    page.get_by_role("link", name="Back").click()
    expect(page.get_by_text("Refused by WeChat Pay").first).to_be_visible()
    assert (cancellation().status, len(gateway.ledger)) == ("failed", 1)


def test_what_nobody_knows_is_resolved_with_a_note(windows, finance, furnish):
    page = windows.open(finance)
    page.goto(furnish()["to resolve"])
    page.get_by_role("radio", name="cancelled", exact=True).check()
    page.get_by_label("Note").fill("Seen in the merchant platform")
    page.get_by_role("button", name="Resolve").click()
    expect(page.get_by_text("Your statement is recorded.")).to_be_visible()
    expect(page.get_by_text("Seen in the merchant platform").first).to_be_visible()


def test_without_a_note_nothing_is_resolved(windows, finance, furnish):
    page = windows.open(finance)
    page.goto(furnish()["to resolve"])
    page.get_by_role("radio", name="not cancelled").check()
    page.get_by_role("button", name="Resolve").click()
    expect(page.get_by_text("This field is required.")).to_be_visible()
    expect(page.get_by_role("radio", name="not cancelled")).to_be_checked()


def test_an_expired_draft_says_so_and_begins_anew(windows, finance, furnish):
    page = windows.open(finance)
    page.goto(furnish()["expired draft"])
    expect(page.get_by_text("This draft is older than a day")).to_be_visible()
    expect(page.get_by_role("button", name=ENGLISH.confirm)).to_have_count(0)
    page.get_by_role("button", name="Draft the same orders anew").click()
    expect(page.get_by_role("button", name=ENGLISH.confirm)).to_be_visible()


def test_the_refused_ones_of_a_batch_are_sent_again_with_one_press(
    windows, finance, make_order, gateway
):
    gateway.faults.add("invalid_request", times=2)
    batch = services.cancel_subsidies([make_order(), make_order()], requested_by=finance)
    services.work_on_batch(batch.pk)
    page = windows.open(finance)
    page.goto(batch.get_absolute_url())
    page.get_by_role("button", name="Send 2 refused ones again").click()
    cancelled = page.get_by_role("table").get_by_role("link", name=ENGLISH.cancelled)
    expect(cancelled).to_have_count(2)
    expect(progress(page)).to_have_attribute("value", "2")


def test_a_batch_leaves_as_a_file(windows, finance, furnish):
    page = windows.open(finance)
    page.goto(furnish()["finished batch"])
    with page.expect_download() as download:
        page.get_by_role("link", name="Export as CSV").click()
    text = Path(download.value.path()).read_text(encoding="utf-8-sig")
    assert Texts().message in text


def test_the_length_of_the_description_is_counted_while_it_is_typed(windows, finance, furnish):
    page = windows.open(finance)
    page.goto(furnish()["preview"])
    page.get_by_label("Description").fill("四个字符")
    expect(page.get_by_text("4 / 80")).to_be_visible()
