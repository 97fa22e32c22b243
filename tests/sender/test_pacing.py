"""The pace of a merchant: what is stored of it is believed as far as it can be."""

from datetime import UTC, datetime, timedelta

import pytest

from wechat_subsidies.sender.lanes import FURTHEST
from wechat_subsidies.sender.pacing import Pace
from wechat_subsidies.sender.timing import START_WINDOW

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def pace(*, ahead: timedelta, rate: float | None) -> Pace:
    return Pace(
        using="default",
        mchid="1900000001",
        now=NOW,
        next_slot=NOW + ahead,
        rate=rate,
        is_paused=False,
    )


@pytest.mark.parametrize(("rate", "seconds"), [(200, 2), (200, 29), (0.01, 100)])
def test_a_slot_in_the_future_is_waited_for(rate: float, seconds: int) -> None:
    waiting = pace(ahead=timedelta(seconds=seconds), rate=rate)
    assert waiting.slots(limit=5) == []
    assert waiting.wait() == pytest.approx(seconds - 0.25)


def test_a_slot_that_a_wrong_clock_has_left_does_not_stop_the_merchant() -> None:
    wrong = pace(ahead=timedelta(hours=1), rate=200)
    assert wrong.slots(limit=1) == [NOW]
    assert wrong.wait() == 0


def test_without_a_limit_nothing_is_waited_for() -> None:
    unpaced = pace(ahead=timedelta(seconds=20), rate=None)
    assert unpaced.slots(limit=2) == [NOW, NOW]
    assert unpaced.wait() == 0


def test_who_waits_in_a_request_gets_the_next_slot_however_far_a_sweep_has_reserved() -> None:
    reserved = pace(ahead=timedelta(seconds=0.9), rate=200)
    assert reserved.slots(limit=1) == []
    assert reserved.slots(limit=1, furthest=FURTHEST) == [reserved.next_slot]
    assert (reserved.wait(), reserved.wait(furthest=FURTHEST)) == (pytest.approx(0.65), 0)


def test_the_furthest_slot_is_within_what_a_claim_may_wait_for() -> None:
    assert FURTHEST.total_seconds() < START_WINDOW
