"""Our pages in a language that is written from right to left."""

from playwright.sync_api import expect

from .test_narrow import reaching_beyond


def test_no_page_breaks(windows, finance, furnish):
    page = windows.open(finance, language="ar", viewport={"width": 400, "height": 800})
    too_wide = {}
    for name, path in furnish().items():
        page.goto(path)
        expect(page.locator("html")).to_have_attribute("dir", "rtl")
        if beyond := reaching_beyond(page):
            too_wide[name] = beyond
    assert too_wide == {}
