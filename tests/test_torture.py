"""The proof's own judgement: each of its checks finds what it is for, and nothing where all is well."""

import math
from dataclasses import replace
from random import Random
from typing import Any

import pytest

import torture.__main__ as command
from torture import databases, haste, verdict
from torture.facts import Attempt, Call, Facts, Row, by_order
from torture.traffic import SHARE, faults
from wechat_subsidies.sender import settling, timing

_, READ = haste.TIMEOUT
BODY = b'{"transaction_id":"42"}'
UNKNOWN = Attempt(outcome="unknown")
SUCCESS = Attempt(outcome="succeeded", request_id="b")
REFUSAL = Attempt(outcome="refused", request_id="b")


def call(second: float, *, request_id: str = "b", **facts: Any) -> Call:
    values = {"order": "42", "received_at": second, "ended_at": second + 0.1, "body": BODY}
    return Call(**values | {"request_id": request_id} | facts)


DROPPED = call(0, request_id="a", status=None, is_answered=False, fault="drop_after")


def facts(row: Row, *calls: Call, is_cancelled: bool = True) -> Facts:
    return Facts(
        asked=["42"],
        rows={"42": replace(row, body=BODY)},
        calls=by_order(calls),
        cancelled=frozenset(["42"] if is_cancelled else []),
    )


SUCCEEDED = Row(status="succeeded", attempts=[UNKNOWN, SUCCESS])
FAILED = Row(status="failed", attempts=[REFUSAL])
REVIEWED = Row(status="needs_review", reason="refused_in_doubt", attempts=[UNKNOWN, REFUSAL])
REFUSED = call(9, status=400, code="INVALID_REQUEST")

ALL_WELL = [
    facts(SUCCEEDED, DROPPED, call(9)),
    facts(FAILED, REFUSED, is_cancelled=False),
    facts(REVIEWED, DROPPED, REFUSED),
]
UNANSWERED = {"status": None, "is_answered": False, "request_id": "a"}
NOT_WELL = {
    "in_flight_twice": facts(SUCCEEDED, replace(DROPPED, ended_at=9.5), call(9)),
    "begun_twice_within_a_second": facts(SUCCEEDED, DROPPED, call(0.99)),
    "refused_as_too_frequent": facts(
        SUCCEEDED, DROPPED, call(5, status=429, code="FREQUENCY_LIMITED"), call(9)
    ),
    "not_recorded": Facts(asked=["42"], rows={}),
    "unfinished": facts(replace(SUCCEEDED, status="pending"), DROPPED, call(9)),
    "call_without_a_trace": facts(SUCCEEDED, DROPPED, call(5, **UNANSWERED), call(9)),
    "not_announced": facts(replace(SUCCEEDED, is_told=False), DROPPED, call(9)),
    "succeeded_but_not_cancelled": facts(SUCCEEDED, DROPPED, call(9), is_cancelled=False),
    "succeeded_without_proof": facts(replace(SUCCEEDED, attempts=[UNKNOWN]), DROPPED),
    "success_not_taken": facts(
        replace(REVIEWED, attempts=[UNKNOWN, REFUSAL, SUCCESS]), DROPPED, REFUSED
    ),
    "failed_but_cancelled": facts(FAILED, REFUSED),
    "failed_in_doubt": facts(replace(FAILED, attempts=[UNKNOWN, REFUSAL]), DROPPED, REFUSED),
    "failed_without_a_refusal": facts(replace(FAILED, attempts=[]), is_cancelled=False),
    "review_without_reason": facts(replace(REVIEWED, reason=""), DROPPED, REFUSED),
    "other_bytes": facts(SUCCEEDED, DROPPED, call(9, body=b"{}")),
}
CHECKS = [*verdict.DOUBLED, *verdict.LOST, *verdict.WRONG]


@pytest.mark.parametrize("sound", ALL_WELL)
def test_where_all_is_well_nothing_is_found(sound: Facts) -> None:
    assert verdict.findings(sound, CHECKS) == {}


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_each_check_finds_what_it_is_for(check: verdict.Check) -> None:
    assert check(NOT_WELL[check.__name__]) == ["42"]


def test_a_delayed_call_is_at_work_though_its_caller_has_gone() -> None:
    delayed = replace(DROPPED, fault="delay")
    found = facts(SUCCEEDED, delayed, call(haste.BUSY - 0.1))
    assert verdict.in_flight_twice(found) == ["42"]


def test_a_success_is_not_proven_by_an_answer_without_a_signature() -> None:
    found = facts(SUCCEEDED, DROPPED, call(9, fault="unsigned"))
    assert verdict.succeeded_without_proof(found) == ["42"]


def test_a_review_without_a_doubt_is_found() -> None:
    found = facts(replace(REVIEWED, attempts=[REFUSAL]), REFUSED)
    assert verdict.review_without_reason(found) == ["42"]


def test_three_in_ten_calls_meet_a_fault() -> None:
    left = math.prod(1 - fault["share"] for fault in faults(Random(1)))
    assert 1 - left == pytest.approx(SHARE)


def test_the_gateway_is_at_work_for_less_than_the_grace() -> None:
    assert haste.BUSY < haste.GRACE
    assert haste.LONGEST_SILENCE + haste.BUSY < READ + haste.GRACE


def test_a_resend_without_a_grace_would_meet_the_gateway_at_work() -> None:
    assert READ + haste.FIRST_DELAY * (1 + settling.JITTER) < haste.BUSY


def test_no_resend_is_due_within_the_second_of_an_order() -> None:
    assert haste.FIRST_DELAY >= timing.ORDER_INTERVAL


def test_the_lease_is_what_follows_from_the_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timing, "LEASE_MARGIN", haste.MARGIN)
    assert timing.Timing(connect=haste.TIMEOUT[0], read=READ).lease == haste.LEASE


def test_a_server_that_is_not_on_the_machine_is_named() -> None:
    with pytest.raises(databases.MissingError, match="no such-server on this machine"):
        databases.binary("such-server")


@pytest.mark.parametrize(("options", "status"), [([], 0), (["--strict"], 1)])
def test_a_database_that_is_missing_is_skipped_loudly_or_an_error(
    options: list[str], status: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setattr(command, "status_of", lambda words: command.MISSING)
    monkeypatch.setattr(command.signal, "signal", lambda *args: None)
    assert command.main(["--database", "mariadb", *options]) == status
    assert ("SKIPPED: mariadb" in capsys.readouterr().out) == (status == 0)


@pytest.mark.parametrize(
    ("statuses", "status"),
    [
        ({"sqlite": 0, "mariadb": 0}, 0),
        ({"sqlite": command.UNPROVEN, "mariadb": 0}, 0),
        ({"sqlite": command.UNPROVEN, "mariadb": command.UNPROVEN}, 1),
        ({"sqlite": command.UNPROVEN}, 1),
        ({"sqlite": 0, "mariadb": 1}, 1),
        ({"sqlite": 0, "mariadb": -9}, 1),
        ({}, 0),
    ],
)
def test_one_database_at_least_has_to_have_met_what_it_is_to_prove(
    statuses: dict[str, int], status: int
) -> None:
    assert command.told(statuses) == status
