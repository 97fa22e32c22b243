"""Claims: one holder at a time, and what becomes of those whose holder is gone."""

import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from django.db import connection, transaction

from wechat_subsidies import clock, services
from wechat_subsidies.models import CancellationAttempt, SubsidyCancellation
from wechat_subsidies.outcomes import Outcome
from wechat_subsidies.sandbox import Sandbox
from wechat_subsidies.sender.calling import calls_for
from wechat_subsidies.sender.claiming import Claim, claim, mark, take_over
from wechat_subsidies.sender.recording import record
from wechat_subsidies.sender.timing import Timing

from .claims import MCHID, unhurried_claims

Status = SubsidyCancellation.Status

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def cancellation(gateway: Sandbox) -> SubsidyCancellation:
    return services.cancel_subsidy(sub_mchid="1900013401", transaction_id="T1", send="later")


def claim_one() -> Claim:
    (claimed,) = unhurried_claims()
    return claimed


def expire_lease() -> None:
    past = datetime(2020, 1, 1, tzinfo=UTC)
    SubsidyCancellation.objects.update(send_after=past, lease_until=past)


def test_a_claimed_row_cannot_be_claimed_again(cancellation: SubsidyCancellation) -> None:
    claim_one()
    assert not claim(using="default", mchid=MCHID, limit=10).claims


def test_a_row_that_is_withdrawn_while_a_claim_is_made_is_none_of_its(
    cancellation: SubsidyCancellation,
) -> None:
    other = services.cancel_subsidy(sub_mchid="1900013401", transaction_id="T2", send="later")
    now = clock.now("default")
    services.withdraw(other, requested_by=None)
    timing = Timing(connect=5, read=10)
    token, ours = mark([cancellation, other], using="default", now=now, timing=timing)
    assert ours == [cancellation]
    cancellation.refresh_from_db()
    other.refresh_from_db()
    assert (cancellation.claim_token, other.claim_token) == (token, None)
    assert other.status == Status.WITHDRAWN


def test_a_claim_puts_the_row_in_doubt(cancellation: SubsidyCancellation) -> None:
    claimed = claim_one()
    cancellation.refresh_from_db()
    assert (cancellation.status, cancellation.in_doubt) == (Status.SENDING, True)
    assert (claimed.was_in_doubt, cancellation.in_doubt_before_claim) == (False, False)
    assert cancellation.claim_token == claimed.token


def test_the_lease_outlives_the_call_and_the_row_is_not_due_before(
    cancellation: SubsidyCancellation,
) -> None:
    claimed = claim_one()
    cancellation.refresh_from_db()
    end = claimed.moment(claimed.deadline.end_by)
    assert end < cancellation.lease_until < cancellation.send_after


def test_a_lost_call_is_written_down_before_the_row_is_taken_over(
    cancellation: SubsidyCancellation,
) -> None:
    first = claim_one()
    expire_lease()
    second = claim_one()
    attempt = CancellationAttempt.objects.get()
    assert (attempt.outcome, attempt.claim_token) == (Outcome.LOST, first.token)
    assert second.was_in_doubt
    assert second.token != first.token
    cancellation.refresh_from_db()
    assert (cancellation.unknown_count, cancellation.attempt_count) == (1, 1)


def test_the_last_try_lost_needs_a_person(cancellation: SubsidyCancellation, settings) -> None:
    settings.WECHAT_SUBSIDIES = {**settings.WECHAT_SUBSIDIES, "MAX_ATTEMPTS": 1}
    claim_one()
    expire_lease()
    assert not claim(using="default", mchid=MCHID, limit=10).claims
    cancellation.refresh_from_db()
    assert (cancellation.status, cancellation.reason) == (Status.NEEDS_REVIEW, "tries_used_up")


def test_a_late_refusal_leaves_only_its_attempt(
    cancellation: SubsidyCancellation, gateway: Sandbox
) -> None:
    gateway.faults.add("invalid_request", transaction_id="T1")
    (late,) = calls_for(claim_one())
    new_token = uuid.uuid4()
    SubsidyCancellation.objects.update(claim_token=new_token)
    record([late], using="default")
    cancellation.refresh_from_db()
    assert (cancellation.status, cancellation.claim_token) == (Status.SENDING, new_token)
    assert CancellationAttempt.objects.get().outcome == Outcome.REFUSED


@pytest.mark.parametrize("status", [Status.FAILED, Status.NEEDS_REVIEW, Status.WITHDRAWN])
def test_a_late_success_is_taken_in_whatever_state_the_row_is(
    cancellation: SubsidyCancellation, status: str
) -> None:
    (late,) = calls_for(claim_one())
    SubsidyCancellation.objects.update(claim_token=None, status=status, send_after=None)
    record([late], using="default")
    cancellation.refresh_from_db()
    assert (cancellation.status, cancellation.proof) == (Status.SUCCEEDED, "wechat")


def test_recording_twice_leaves_one_attempt(cancellation: SubsidyCancellation) -> None:
    (made,) = calls_for(claim_one())
    record([made], using="default")
    record([made], using="default")
    assert CancellationAttempt.objects.count() == 1
    cancellation.refresh_from_db()
    assert cancellation.attempt_count == 1


def test_claims_are_spaced_by_the_rate_limit(gateway: Sandbox, settings) -> None:
    merchant = gateway.merchant_settings() | {"RATE_LIMIT": 20}
    settings.WECHAT_SUBSIDIES = {"MERCHANTS": {"default": merchant}}
    for number in range(10):
        services.cancel_subsidy(sub_mchid="1900013401", transaction_id=f"P{number}", send="later")
    claimed = claim(using="default", mchid=MCHID, limit=10)
    starts = [each.deadline.slot for each in claimed.claims]
    gaps = [later - earlier for earlier, later in pairwise(starts)]
    assert len(starts) == 5  # no more than a quarter of a second ahead
    assert gaps == pytest.approx([1 / (20 * 0.985)] * 4, abs=1e-5)
    later = claim(using="default", mchid=MCHID, limit=10)
    assert all(each.deadline.slot > starts[-1] for each in later.claims)


def test_the_clock_is_the_databases_in_utc(db: None) -> None:
    assert abs(clock.now("default") - datetime.now(UTC)) < timedelta(minutes=1)


def test_the_clock_goes_on_inside_a_transaction(db: None) -> None:
    with transaction.atomic():
        earlier = clock.now("default")
        time.sleep(0.002)
        assert clock.now("default") > earlier


def test_a_late_answer_counts_no_call_twice_or_back(
    cancellation: SubsidyCancellation, gateway: Sandbox
) -> None:
    gateway.faults.add("system_error", transaction_id="T1", times=1)
    (late,) = calls_for(claim_one())
    expire_lease()
    record(calls_for(claim_one()), using="default")
    cancellation.refresh_from_db()
    assert (cancellation.status, cancellation.attempt_count) == (Status.SUCCEEDED, 2)
    record([late], using="default")
    cancellation.refresh_from_db()
    assert (cancellation.status, cancellation.attempt_count) == (Status.SUCCEEDED, 2)


def test_of_many_who_claim_at_once_each_gets_rows_of_its_own(gateway: Sandbox) -> None:
    for number in range(24):
        services.cancel_subsidy(sub_mchid="1900013401", transaction_id=f"C{number}", send="later")
    start = threading.Barrier(4)

    def claim_some(_: int) -> list[int]:
        try:
            start.wait()
            claimed = [claim(using="default", mchid=MCHID, limit=2) for _ in range(3)]
            return [each.cancellation.pk for some in claimed for each in some.claims]
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        keys = [key for some in pool.map(claim_some, range(4)) for key in some]
    assert len(keys) == len(set(keys)) == 24


def test_lost_rows_that_are_not_sent_again_do_not_end_the_sweep(gateway: Sandbox, settings) -> None:
    settings.WECHAT_SUBSIDIES = {**settings.WECHAT_SUBSIDIES, "MAX_ATTEMPTS": 1}
    for number in range(3):
        services.cancel_subsidy(sub_mchid="1900013401", transaction_id=f"L{number}", send="later")
    claim(using="default", mchid=MCHID, limit=3)
    expire_lease()
    services.cancel_subsidy(sub_mchid="1900013401", transaction_id="T1", send="later")
    assert services.process_due(concurrency=3).outcomes == {"succeeded": 1}


def test_a_call_whose_answer_has_come_meanwhile_is_not_written_down_as_lost(
    cancellation: SubsidyCancellation,
) -> None:
    claimed = claim_one()
    cancellation.refresh_from_db()
    record(calls_for(claimed), using="default")
    assert take_over([cancellation], using="default", grace=10) == []
    assert [attempt.outcome for attempt in cancellation.attempts.all()] == [Outcome.SUCCEEDED]
