"""How sending stands, in numbers."""

import json
import math
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from wechat_subsidies import clock, services
from wechat_subsidies.models import CancellationAttempt, Heartbeat, SubsidyCancellation
from wechat_subsidies.sandbox import Sandbox
from wechat_subsidies.sender.announcing import GIVEN_UP

from ..sender.claims import unhurried_claims

pytestmark = pytest.mark.django_db(transaction=True)


def ago(seconds: float) -> Any:
    return clock.now("default") - timedelta(seconds=seconds)


def ask_for(*transactions: str) -> None:
    for each in transactions:
        services.cancel_subsidy(sub_mchid="1900013401", transaction_id=each, send="later")


def test_with_nothing_recorded_everything_is_zero(gateway: Sandbox) -> None:
    status = services.status()
    assert status.figures == {
        "due": 0,
        "oldest_due": 0,
        "expired_leases": 0,
        "needs_review": 0,
        "announcements_given_up": 0,
        "paused": 0,
        "last_sweep_age": math.inf,
        "nobody_is_sending": 0,
    }
    assert set(status.attempts) == set(CancellationAttempt.Outcome)
    assert not any(status.attempts.values())


def test_what_is_due_is_counted_and_the_oldest_timed(gateway: Sandbox) -> None:
    ask_for("T1", "T2", "T3")
    rows = SubsidyCancellation.objects
    rows.filter(transaction_id="T1").update(send_after=ago(700))
    rows.filter(transaction_id="T3").update(send_after=ago(-60))
    status = services.status()
    assert status.due == 2
    assert 700 <= status.oldest_due < 760


def test_what_is_over_is_not_due(gateway: Sandbox) -> None:
    services.cancel_subsidy(sub_mchid="1900013401", transaction_id="T1")
    assert services.status().due == 0


def test_calls_of_processes_that_did_not_come_back_are_counted(gateway: Sandbox) -> None:
    ask_for("T1", "T2")
    first, _second = unhurried_claims()
    assert services.status().expired_leases == 0
    rows = SubsidyCancellation.objects.filter(pk=first.cancellation.pk)
    rows.update(lease_until=ago(1))
    assert services.status().expired_leases == 1


def test_what_people_have_to_look_at_is_counted(gateway: Sandbox, settings: Any) -> None:
    settings.WECHAT_SUBSIDIES = {**settings.WECHAT_SUBSIDIES, "MAX_ATTEMPTS": 1}
    gateway.faults.add("drop_after", times=1)
    services.cancel_subsidy(sub_mchid="1900013401", transaction_id="T1")
    services.cancel_subsidy(sub_mchid="1900013401", transaction_id="T2")
    status = services.status()
    assert status.needs_review == 1
    assert (status.attempts["unknown"], status.attempts["succeeded"]) == (1, 1)


def test_announcements_are_given_up_only_when_they_are(gateway: Sandbox) -> None:
    services.cancel_subsidy(sub_mchid="1900013401", transaction_id="T1")
    SubsidyCancellation.objects.update(announce_after=ago(-60))
    assert services.status().announcements_given_up == 0
    SubsidyCancellation.objects.update(announce_after=GIVEN_UP)
    assert services.status().announcements_given_up == 1


def test_pauses_are_listed_while_they_hold(gateway: Sandbox) -> None:
    first = services.pause("default", reason="a mistake", paused_by="anna")
    second = services.pause(None, reason="another")
    assert services.status().pauses == (first, second)
    services.resume(None)
    assert services.status().pauses == (first,)
    services.resume("default")
    assert services.status().pauses == ()


def test_calls_of_the_last_five_minutes_are_counted(gateway: Sandbox) -> None:
    for name in ("T1", "T2"):
        services.cancel_subsidy(sub_mchid="1900013401", transaction_id=name)
    CancellationAttempt.objects.filter(cancellation__transaction_id="T1").update(ended_at=ago(301))
    assert services.status().attempts["succeeded"] == 1


def test_the_last_sweep_is_told(gateway: Sandbox) -> None:
    services.process_due()
    assert services.status().last_sweep == Heartbeat.objects.get().beat_at


@pytest.mark.parametrize(
    ("due_since", "swept", "nobody"),
    [
        (301, None, True),
        (301, 301, True),
        (301, 299, False),
        (299, None, False),
        (None, 9999, False),
    ],
)
def test_nobody_is_sending_where_something_is_due_and_nobody_sweeps(
    gateway: Sandbox, due_since: float | None, swept: float | None, nobody: bool
) -> None:
    if swept is not None:
        Heartbeat.objects.create(name="sweep", beat_at=ago(swept))
    if due_since is not None:
        ask_for("T1")
        SubsidyCancellation.objects.update(send_after=ago(due_since))
    assert services.status().nobody_is_sending == nobody


def test_it_takes_as_many_queries_whatever_is_recorded(
    gateway: Sandbox, django_assert_max_num_queries
) -> None:
    with django_assert_max_num_queries(8) as empty:
        services.status()
    ask_for("T1", "T2", "T3")
    services.process_due(limit=1)
    services.pause(None, reason="a mistake")
    with django_assert_max_num_queries(len(empty)):
        services.status()


@pytest.mark.skipif(connection.vendor != "sqlite", reason="plans are read as SQLite writes them")
def test_an_index_serves_each_query(gateway: Sandbox) -> None:
    with CaptureQueriesContext(connection) as asked:
        services.status()
    plans = [plan_of(query["sql"]) for query in asked.captured_queries]
    assert len(plans) == 6
    assert [plan for plan in plans if "SEARCH" not in plan or "SCAN" in plan] == []


def plan_of(statement: str) -> str:
    """How the database finds the rows; ordering and grouping those it has found is another matter."""
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {statement}")
        return "; ".join(row[-1] for row in cursor.fetchall())


def test_as_json_has_nothing_that_json_does_not(gateway: Sandbox) -> None:
    services.pause("default", reason="a mistake", paused_by="anna")
    facts = json.loads(json.dumps(services.status().as_json(), allow_nan=False))
    assert facts["last_sweep_age"] is None
    assert (facts["paused"], facts["pauses"][0]["note"]) == (1, "a mistake")
