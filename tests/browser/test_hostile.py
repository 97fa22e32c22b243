"""Markup in whatever people, shops and WeChat Pay write is shown as text and runs nothing.

What it would load or run, the browser would complain of.
"""

import pytest
from playwright.sync_api import expect

from .scene import Texts

HOSTILE = Texts(
    reference='"><img src=x onerror=alert(1)>',
    seller="<script>alert('seller')</script>",
    title="<script>alert('title')</script>",
    description="</title></script><script>alert('description')</script>",
    message="<script>alert('message')</script>{{ message }}",
    note="<img src=x onerror=alert('note')>",
    name="<script>alert('name')</script>",
)


@pytest.fixture
def pages(furnish):
    return furnish(HOSTILE)


def test_no_page_runs_or_loads_it(windows, finance, pages):
    page = windows.open(finance)
    for path in pages.values():
        page.goto(path)


@pytest.mark.parametrize(
    ("name", "texts"),
    [
        ("cancellations", ["reference"]),
        ("refused", ["reference", "description", "message"]),
        ("resolved", ["reference", "note"]),
        ("to retry", ["reference", "message"]),
        ("preview", ["reference"]),
        ("finished batch", ["reference", "description", "message"]),
        ("stopped batch", ["reference", "description", "note"]),
        ("pauses", ["note"]),
        ("pause that holds", ["note"]),
    ],
)
def test_it_is_there_to_be_read(windows, finance, pages, name, texts):
    page = windows.open(finance)
    page.goto(pages[name])
    for text in texts:
        expect(page.get_by_text(getattr(HOSTILE, text)).first).to_be_visible()
