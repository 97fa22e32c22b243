"""What docs/sandbox.md says of faults and endpoints, in both languages, is what there is."""

import re
from pathlib import Path

import pytest

from wechat_subsidies.sandbox.control.api import ROUTES
from wechat_subsidies.sandbox.faults import FAULTS

DOCS = Path(__file__).parents[2] / "docs"
YES_AND_NO = {"sandbox.md": ("yes", "no"), "zh-hans/sandbox.md": ("是", "否")}


@pytest.mark.parametrize(("page", "words"), YES_AND_NO.items())
def test_every_fault_is_documented_with_whether_the_work_is_done(
    page: str, words: tuple[str, str]
) -> None:
    yes, no = words
    row = rf"^\| `(\w+)` \| .+ \| ({yes}|{no}) \|$"
    rows = re.findall(row, (DOCS / page).read_text(), re.MULTILINE)
    assert rows == [(name, yes if fault.done else no) for name, fault in FAULTS.items()]


@pytest.mark.parametrize("page", YES_AND_NO)
def test_every_endpoint_is_documented(page: str) -> None:
    text = (DOCS / page).read_text()
    assert [route.template for route in ROUTES if route.template not in text] == []
