"""The flow with the keyboard alone, and what a screen reader is told."""

from playwright.sync_api import expect

from .flow import ENGLISH, ORDERS, progress

MOST_STEPS = 80  # with the key Tab, from the beginning of a page to what is looked for


def walk_to(page, name):
    """Press Tab until something of this name has the focus. Returns the names on the way."""
    on_the_way = []
    for _ in range(MOST_STEPS):
        page.keyboard.press("Tab")
        on_the_way.append(focused(page))
        if on_the_way[-1] == name:
            return on_the_way
    raise AssertionError(f"“{name}” does not get the focus; these do: {on_the_way}")


def focused(page):
    """What has the focus, by the name that a screen reader says."""
    return page.evaluate(
        """() => {
            const element = document.activeElement;
            const by = (element.getAttribute("aria-labelledby") || "").split(" ");
            const texts = by.map((id) => id && document.getElementById(id).textContent).join(" ");
            const labels = [...(element.labels || [])].map((label) => label.textContent).join(" ");
            const name = texts.trim() || element.getAttribute("aria-label") || labels.trim()
                || (element.type === "submit" && element.value) || element.textContent;
            return name.replace(/\\s+/g, " ").trim();
        }"""
    )


def select(page, number):
    page.goto(ORDERS)
    walk_to(page, f"Select this object for an action - {number}")
    page.keyboard.press("Space")
    while page.evaluate("document.activeElement.name") != "action":
        page.keyboard.press("Shift+Tab")
    page.keyboard.type("Cancel subs")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name=ENGLISH.confirm)).to_be_visible()


def test_the_flow_needs_no_mouse(windows, finance, make_order):
    partly = make_order(refunds=(300,))
    page = windows.open(finance)
    select(page, partly.number)
    walk_to(page, f"Cancel the subsidy of order {partly.number}")
    page.keyboard.press("Space")
    walk_to(page, ENGLISH.confirm)
    page.keyboard.press("Enter")
    expect(progress(page)).to_have_attribute("value", "1")


def test_the_focus_goes_through_the_preview_in_the_order_in_which_it_is_read(
    windows, finance, make_order
):
    order, partly = make_order(), make_order(refunds=(300,))
    page = windows.open(finance)
    select_both(page)
    walk_to(page, "Description:")
    steps = walk_to(page, "Stop this batch")
    expected = [
        "Will be sent 1",
        order.number,
        "Partly refunded: sent only if ticked 1",
        f"Cancel the subsidy of order {partly.number}",
        partly.number,
        ENGLISH.confirm,
        ENGLISH.back,
        "Stop this batch",
    ]
    assert [step for step in steps if step in expected] == expected


def select_both(page):
    page.goto(ORDERS)
    page.locator("#action-toggle").check()
    page.locator("select[name=action]").select_option(label=ENGLISH.action)
    page.locator("[name=index]").click()
    expect(page.get_by_role("button", name=ENGLISH.confirm)).to_be_visible()


def test_a_batch_is_stopped_without_a_mouse(windows, finance, make_order):
    page = windows.open(finance)
    select(page, make_order().number)
    walk_to(page, "Stop this batch")
    page.keyboard.press("Enter")
    walk_to(page, "Why")
    page.keyboard.type("Not today")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Stopped by lihua")).to_be_visible()


def test_a_screen_reader_is_told_how_far_it_is(windows, finance, make_order):
    for _ in range(3):
        make_order()
    page = windows.open(finance)
    select_both(page)
    page.get_by_role("button", name=ENGLISH.confirm).click()
    expect(page.get_by_role("status")).to_have_text("3 / 3")
