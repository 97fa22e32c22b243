"""What axe-core finds on our pages, in light and in dark: nothing."""

import pytest
from axe_playwright_python.sync_playwright import Axe

OPTIONS = {
    "resultTypes": ["violations"],
    "preload": False,
}  # it need not load media and styles again

# The label of Django's search field is a picture, which axe does not take for one as soon as there is
# a text of help, too.
NOT_OURS = {"exclude": [["#searchbar"]]}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_wrong(windows, finance, furnish, scheme):
    # Axe puts styles of its own into the page, which the policy would forbid.
    page = windows.open(finance, color_scheme=scheme, bypass_csp=True)
    wrong = []
    for name, path in furnish().items():
        page.goto(path)
        wrong += [f"{name}: {violation}" for violation in violations(page)]
    assert not wrong, "\n".join(wrong)


def violations(page):
    """What is wrong with the page, and with which elements."""
    for violation in Axe().run(page, NOT_OURS, OPTIONS).response["violations"]:
        for node in violation["nodes"]:
            yield f"{violation['help']} ({violation['id']}): {node['html']}"
