"""Our pages on a telephone."""


def test_no_page_is_wider_than_400_pixels(windows, finance, furnish):
    page = windows.open(finance, language="zh-CN", viewport={"width": 400, "height": 800})
    too_wide = {}
    for name, path in furnish().items():
        page.goto(path)
        if beyond := reaching_beyond(page):
            too_wide[name] = beyond
    assert too_wide == {}


def reaching_beyond(page):
    """The elements that make the page scroll sideways; empty where it does not."""
    return page.evaluate(
        """() => {
            const width = document.documentElement.clientWidth;
            if (document.documentElement.scrollWidth <= width) {
                return [];
            }
            return [...document.querySelectorAll("body *")]
                .filter((element) => element.getBoundingClientRect().right > width)
                .map((element) => element.outerHTML.slice(0, 120));
        }"""
    )
