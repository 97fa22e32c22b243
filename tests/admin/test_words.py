from datetime import UTC, datetime

import pytest

from wechat_subsidies.admin.words import local_time, text_of, yuan


@pytest.mark.parametrize(
    ("fen", "text"),
    [
        (0, "¥0.00"),
        (1, "¥0.01"),
        (100, "¥1.00"),
        (123456789, "¥1,234,567.89"),
        (-5, "-¥0.05"),
        (None, ""),
    ],
)
def test_fen_are_read_as_yuan(fen, text):
    assert yuan(fen) == text


@pytest.mark.parametrize("use_tz", [True, False])
def test_an_aware_moment_is_converted_whatever_use_tz_says(settings, use_tz):
    settings.USE_TZ = use_tz
    assert local_time(datetime(2026, 11, 23, 8, 0, 5, tzinfo=UTC)) == "2026-11-23 16:00:05"


def test_a_naive_moment_is_local_already():
    assert local_time(datetime(2026, 11, 23, 8, 0, 5)) == "2026-11-23 08:00:05"


def test_no_moment_is_no_text():
    assert local_time(None) == ""


def test_bytes_that_are_not_utf_8_become_text_all_the_same():
    assert text_of(b"a\xff") == "a\ufffd"
    assert text_of(None) == ""
