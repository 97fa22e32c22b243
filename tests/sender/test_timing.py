"""What follows from a merchant's timeouts, and what merchants with one MCHID share."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from wechat_subsidies.conf import MerchantSettings
from wechat_subsidies.models import SubsidyCancellation
from wechat_subsidies.outcomes import RATE_LIMITED, SYSTEM_ERROR
from wechat_subsidies.sender import settling
from wechat_subsidies.sender.pacing import rate_limit_of
from wechat_subsidies.sender.timing import Timing

MERCHANT = MerchantSettings.from_setting(name="default", setting={"MCHID": "1900000001"})


def timing_of(*timeouts: tuple[float, float]) -> Timing:
    return Timing.of([replace(MERCHANT, timeout=timeout) for timeout in timeouts])


def test_a_lease_outlives_the_last_call_by_seconds() -> None:
    timing = timing_of((5, 10))
    assert timing.start_by < timing.end_by
    assert timing.lease - timing.end_by >= 5


@pytest.mark.parametrize(("read", "grace"), [(2, 10), (30, 30)])
def test_an_unknown_call_is_left_alone_for_its_read_timeout_and_ten_seconds_at_least(
    read: float, grace: float
) -> None:
    assert timing_of((1, read)).grace == grace


def test_of_several_timeouts_the_longest_count() -> None:
    assert timing_of((5, 10), (1, 20)) == Timing(connect=5, read=20)
    assert timing_of((1, 20), (5, 10)) == Timing(connect=5, read=20)


def test_of_several_rate_limits_the_lowest_counts(settings) -> None:
    merchants = {str(limit): {"MCHID": "1", "RATE_LIMIT": limit} for limit in (200, None, 50)}
    settings.WECHAT_SUBSIDIES = {
        "MERCHANTS": merchants | {"other": {"MCHID": "2", "RATE_LIMIT": 9}}
    }
    assert rate_limit_of("1") == 50


def test_without_any_rate_limit_there_is_none(settings) -> None:
    settings.WECHAT_SUBSIDIES = {"MERCHANTS": {"a": {"MCHID": "1", "RATE_LIMIT": None}}}
    assert rate_limit_of("1") is None


def test_a_resend_is_never_due_sooner_than_it_may_begin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settling, "FIRST_DELAY", 0.0)
    now = datetime(2026, 1, 1, tzinfo=UTC)
    for meaning in (RATE_LIMITED, SYSTEM_ERROR):
        changes = settling.Settled(
            cancellation=SubsidyCancellation(),
            was_in_doubt=False,
            meaning=meaning,
            ended_at=now,
            grace=10.0,
        ).changes()
        assert changes["send_after"] >= changes["not_before"] >= now + timedelta(seconds=1)


@pytest.mark.parametrize(
    ("count", "seconds"), [(1, 5), (2, 10), (3, 20), (7, 320), (8, 600), (999, 600)]
)
def test_resends_take_twice_as_long_each_time_up_to_ten_minutes(
    monkeypatch: pytest.MonkeyPatch, count: int, seconds: float
) -> None:
    monkeypatch.setattr(settling.random, "uniform", lambda low, high: low)
    assert settling.delay(count) == seconds
    monkeypatch.setattr(settling.random, "uniform", lambda low, high: high)
    assert settling.delay(count) == 1.25 * seconds


def test_resends_of_many_orders_are_spread_by_chance() -> None:
    delays = {settling.delay(1) for _ in range(100)}
    assert len(delays) > 50
    assert all(5 <= each <= 6.25 for each in delays)
