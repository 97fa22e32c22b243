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
    """What makes the page scroll sideways, in either direction; empty where it does not."""
    return page.evaluate(
        """() => {
            const {clientWidth, scrollWidth} = document.documentElement;
            if (scrollWidth <= clientWidth) {
                return [];
            }
            const beyond = [...document.querySelectorAll("body *")].filter((element) => {
                const {left, right} = element.getBoundingClientRect();
                return right > clientWidth || left < 0;
            });
            return [scrollWidth, ...beyond.map((element) => element.outerHTML.slice(0, 120))];
        }"""
    )
