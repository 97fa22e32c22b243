"""Values that go through a spreadsheet and come back."""

import csv
from datetime import UTC, datetime
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wechat_subsidies.services import cells

ID = "4200000001202611230000000001"


@pytest.mark.parametrize(
    "text",
    [ID, "00123", "1E5", "2026-11-23", "12:30", "1,5", "3.10", "123456789012", "-1", "+1", "=1+1",
     "@SUM(A1)", "=cmd|' /C calc'!A0", "＝1", "－1", "\t=1", "'quoted", "¥5", "50%",
     " =1", "\u3000＝1", "\ufeff=1", "\u200b@x", "\xa0-x", "﹦1"],
)  # fmt: skip
def test_what_a_spreadsheet_would_change_is_marked_as_text(text):
    assert cells.written(text) == f"'{text}"
    assert cells.read(cells.written(text)) == text.strip()


@pytest.mark.parametrize(
    "text", ["", "N-2026-1", "订单退款", "INVALID_REQUEST", "12345678901", "0"]
)
def test_what_no_spreadsheet_changes_stays_as_it_is(text):
    assert cells.written(text) == text
    assert cells.read(text) == text


def test_a_text_is_never_left_to_be_calculated():
    for first in "=+-@\t\r\n\0＝＋－＠":
        assert cells.written(first + "1+1").startswith("'")


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])).map(str.strip))
def test_any_text_comes_back(text):
    file = StringIO(newline="")
    csv.writer(file).writerow(["first", cells.written(text)])
    ((_, cell),) = csv.reader(StringIO(file.getvalue(), newline=""))
    assert cells.read(cell) == text


@pytest.mark.parametrize(
    ("value", "cell"), [(None, ""), (True, "true"), (False, "false"), (0, "0"), (123456, "123456")]
)
def test_what_is_no_text_is_written_as_it_is(value, cell):
    assert cells.written(value) == cell


@pytest.mark.parametrize("zone", [UTC, None])
def test_moments_have_their_offset(settings, zone):
    hour = 2 if zone else 10
    moment = datetime(2026, 11, 23, hour, 0, 0, 123456, tzinfo=zone)
    assert cells.written(moment) == "2026-11-23T10:00:00+08:00"
