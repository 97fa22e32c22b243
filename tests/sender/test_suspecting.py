"""From the last answers under one MCHID to what is to be paused."""

from datetime import UTC, datetime, timedelta

import pytest

from wechat_subsidies.outcomes import MEANINGS, Outcome
from wechat_subsidies.sender.suspecting import Answered, causes

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def answered(
    *reasons: str, orders: int = 99, processes: int = 1, message: str = ""
) -> list[Answered]:
    """Answers of so many orders and processes, one a second, the newest first."""
    return [
        Answered(
            reason=reason,
            outcome=MEANINGS[reason].outcome,
            cancellation_id=number % orders,
            sub_mchid=f"S{number % orders}",
            process=f"P{number % processes}",
            started_at=NOW - timedelta(seconds=number),
            message=message,
        )
        for number, reason in enumerate(reasons)
    ]


def reasons_of(answers: list[Answered]) -> list[tuple[str, str]]:
    return [(cause.reason, cause.sub_mchid) for cause in causes(answers)]


@pytest.mark.parametrize("reason", ["not_sent", "system_error", "connection_lost"])
def test_five_orders_in_a_row_that_meet_an_outage_pause(reason: str) -> None:
    assert reasons_of(answered(*[reason] * 5)) == [(reason, "")]
    assert causes(answered(*[reason] * 5))[0].is_outage
    assert causes(answered(*[reason] * 4)) == []


def test_signs_of_an_outage_count_together() -> None:
    mixed = answered("not_sent", "system_error", "connection_lost", "not_sent", "system_error")
    assert reasons_of(mixed) == [("not_sent", "")]


def test_one_order_alone_is_no_outage() -> None:
    assert causes(answered(*["system_error"] * 20, orders=4)) == []


@pytest.mark.parametrize("between", ["cancelled", "result_fail", "rate_limited"])
def test_an_answer_of_another_kind_between_is_no_row(between: str) -> None:
    assert causes(answered("not_sent", "not_sent", between, *["not_sent"] * 3)) == []


def test_a_lost_call_is_no_answer_at_all() -> None:
    assert reasons_of(answered("not_sent", "lost", *["not_sent"] * 4)) == [("not_sent", "")]


def test_signatures_refused_to_one_process_are_its_own_matter() -> None:
    assert causes(answered(*["sign_error"] * 9)) == []


def test_signatures_refused_to_two_processes_pause() -> None:
    assert reasons_of(answered(*["sign_error"] * 2, processes=2)) == [("sign_error", "")]


def test_signatures_refused_to_one_process_twice_pause() -> None:
    apart = answered(*["sign_error"] * 11)
    assert reasons_of(apart) == [("sign_error", "")]
    assert not causes(apart)[0].is_outage


def test_a_host_with_a_wrong_clock_does_not_stop_the_others() -> None:
    assert causes(answered("sign_error", "cancelled", *["sign_error"] * 20, processes=2)) == []


def test_a_forbidden_sub_merchant_is_paused_alone() -> None:
    assert reasons_of(answered("no_auth")) == [("no_auth", "S0")]


def test_three_forbidden_sub_merchants_without_a_success_between_pause_all() -> None:
    found = reasons_of(answered("no_auth", "result_fail", "no_auth", "no_auth"))
    assert found == [("no_auth", "S3"), ("no_auth", "S2"), ("no_auth", "S0"), ("no_auth", "")]
    assert ("no_auth", "") not in reasons_of(
        answered("no_auth", "no_auth", "cancelled", "no_auth", "no_auth")
    )


def test_ten_answers_that_nobody_foresaw_pause() -> None:
    assert reasons_of(answered(*["unforeseen_answer"] * 10)) == [("unforeseen_answer", "")]
    assert causes(answered(*["unforeseen_answer"] * 9)) == []


def test_five_orders_refused_in_the_same_words_pause() -> None:
    same = answered(*["param_error"] * 5, message="description is wrong")
    assert [(cause.reason, cause.note) for cause in causes(same)] == [
        ("param_error", "description is wrong")
    ]
    other = answered("param_error", message="transaction_id is wrong")
    assert causes(other + same[1:]) == []


@pytest.mark.parametrize("meaning", MEANINGS.values(), ids=lambda meaning: meaning.reason)
def test_what_suspects_nothing_pauses_nothing(meaning) -> None:
    if meaning.suspect is None:
        assert causes(answered(*[meaning.reason] * 50, processes=5)) == []


def test_what_proves_something_of_an_order_is_suspect_only_where_we_filled_something_in() -> None:
    proving = {Outcome.SUCCEEDED, Outcome.REFUSED, Outcome.CONFIRMED}
    suspects = {m.reason for m in MEANINGS.values() if m.suspect and m.outcome in proving}
    assert suspects == {"param_error"}


def test_without_answers_there_is_no_cause() -> None:
    assert causes([]) == []
