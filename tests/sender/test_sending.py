"""Sending to a gateway that answers in every way: what the row shows afterwards."""

import threading
import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection, transaction

from wechat_subsidies import sender, services
from wechat_subsidies.models import CancellationAttempt, SubsidyCancellation
from wechat_subsidies.outcomes import Outcome
from wechat_subsidies.sandbox import Sandbox
from wechat_subsidies.sender import process

Status = SubsidyCancellation.Status
IDS = {"sub_mchid": "1900013401", "transaction_id": "T1"}

pytestmark = pytest.mark.django_db(transaction=True)


def make_due() -> None:
    """As if the time until the resend were over."""
    for row in SubsidyCancellation.objects.filter(send_after__isnull=False):
        SubsidyCancellation.objects.filter(pk=row.pk).update(send_after=row.asked_at)


@pytest.mark.parametrize(
    "fault",
    ["unsigned", "bad_signature", "stale", "foreign_key", "other_order", "signtest"],
)
def test_a_forged_success_is_unknown_and_never_believed(gateway: Sandbox, fault: str) -> None:
    gateway.faults.add(fault, transaction_id="T1")
    cancellation = services.cancel_subsidy(**IDS)
    assert cancellation.status == Status.PENDING
    assert cancellation.in_doubt
    assert cancellation.proof == ""
    attempt = cancellation.attempts.get()
    assert attempt.outcome == Outcome.UNKNOWN
    assert bytes(attempt.answer_body)  # kept, so that people can look at it


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("drop_after", "connection_lost"),
        ("reset", "connection_lost"),
        ("truncated", "connection_lost"),
        ("system_error", "system_error"),
        ("bad_gateway", "system_error"),
        ("accepted", "accepted_not_processed"),
        ("oversized", "malformed_answer"),
        ("not_json", "malformed_answer"),
        ("redirect", "unforeseen_answer"),
        ("unknown_code", "unforeseen_answer"),
    ],
)
def test_an_outcome_that_nobody_knows_is_not_failed(
    gateway: Sandbox, fault: str, reason: str
) -> None:
    gateway.faults.add(fault, transaction_id="T1")
    cancellation = services.cancel_subsidy(**IDS)
    assert (cancellation.status, cancellation.reason) == (Status.PENDING, reason)
    assert cancellation.in_doubt
    assert cancellation.unknown_count == 1


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("fail_result", "result_fail"),
        ("param_error", "param_error"),
        ("invalid_request", "invalid_request"),
    ],
)
def test_a_refusal_is_failed(gateway: Sandbox, fault: str, reason: str) -> None:
    gateway.faults.add(fault, transaction_id="T1")
    cancellation = services.cancel_subsidy(**IDS)
    assert (cancellation.status, cancellation.reason) == (Status.FAILED, reason)
    assert not cancellation.in_doubt
    assert cancellation.completed_at is not None


@pytest.mark.parametrize("fault", ["rate_limited", "sign_error", "no_auth"])
def test_what_says_nothing_of_the_order_leaves_the_row_waiting(
    gateway: Sandbox, fault: str
) -> None:
    gateway.faults.add(fault, transaction_id="T1")
    cancellation = services.cancel_subsidy(**IDS)
    assert (cancellation.status, cancellation.reason) == (Status.PENDING, fault)
    assert not cancellation.in_doubt
    assert cancellation.unknown_count == 0


def test_a_resend_repeats_the_stored_bytes_and_succeeds(gateway: Sandbox, settings) -> None:
    gateway.faults.add("drop_after", transaction_id="T1", times=1)
    cancellation = services.cancel_subsidy(**IDS)
    settings.WECHAT_SUBSIDIES = {**settings.WECHAT_SUBSIDIES, "DESCRIPTION": "别的说明"}
    make_due()
    services.process_due()
    cancellation.refresh_from_db()
    first, second = gateway.calls("T1")
    assert first.body == second.body == bytes(cancellation.request_body)
    assert (cancellation.status, cancellation.attempt_count) == (Status.SUCCEEDED, 2)
    assert not cancellation.in_doubt


def test_a_refusal_while_in_doubt_needs_a_person(gateway: Sandbox) -> None:
    gateway.repeat = "invalid_request"
    gateway.faults.add("drop_after", transaction_id="T1", times=1)
    cancellation = services.cancel_subsidy(**IDS)
    make_due()
    services.process_due()
    cancellation.refresh_from_db()
    assert (cancellation.status, cancellation.reason) == (Status.NEEDS_REVIEW, "refused_in_doubt")
    assert cancellation.in_doubt
    assert cancellation.error_code == "INVALID_REQUEST"


def test_a_rate_limit_neither_raises_nor_clears_doubt(gateway: Sandbox) -> None:
    gateway.faults.add("drop_after", transaction_id="T1", times=1)
    gateway.faults.add("rate_limited", transaction_id="T1", times=1)
    cancellation = services.cancel_subsidy(**IDS)
    make_due()
    services.process_due(limit=1)
    cancellation.refresh_from_db()
    assert (cancellation.status, cancellation.reason) == (Status.PENDING, "rate_limited")
    assert cancellation.in_doubt


def test_tries_of_unknown_outcome_are_used_up_at_last(gateway: Sandbox, settings) -> None:
    settings.WECHAT_SUBSIDIES = {**settings.WECHAT_SUBSIDIES, "MAX_ATTEMPTS": 2}
    gateway.faults.add("system_error", transaction_id="T1")
    cancellation = services.cancel_subsidy(**IDS)
    make_due()
    services.process_due()
    cancellation.refresh_from_db()
    assert (cancellation.status, cancellation.reason) == (Status.NEEDS_REVIEW, "tries_used_up")
    assert cancellation.unknown_count == 2


@pytest.mark.parametrize(
    ("in_doubt", "status"), [(False, Status.FAILED), (True, Status.NEEDS_REVIEW)]
)
def test_what_is_never_sent_is_given_up_in_the_end(
    gateway: Sandbox, in_doubt: bool, status: str
) -> None:
    cancellation = services.cancel_subsidy(**IDS, send="later")
    tried_since = cancellation.asked_at - timedelta(days=8)
    SubsidyCancellation.objects.update(first_called_at=tried_since, in_doubt=in_doubt)
    gateway.faults.add("rate_limited", transaction_id="T1")
    services.process_due()
    cancellation.refresh_from_db()
    assert (cancellation.status, cancellation.reason) == (status, "gave_up")


def test_what_only_waited_for_a_sweep_is_not_given_up_at_its_first_call(gateway: Sandbox) -> None:
    cancellation = services.cancel_subsidy(**IDS, send="later")
    SubsidyCancellation.objects.update(asked_at=cancellation.asked_at - timedelta(days=8))
    gateway.faults.add("rate_limited", transaction_id="T1")
    services.process_due()
    cancellation.refresh_from_db()
    assert (cancellation.status, cancellation.reason) == (Status.PENDING, "rate_limited")
    assert cancellation.first_called_at is not None


def test_two_requests_at_once_for_one_order_make_one_call(gateway: Sandbox) -> None:
    gateway.faults.add("delay", transaction_id="T1", seconds=0.3)
    rows: list[SubsidyCancellation] = []
    start = threading.Barrier(2)

    def ask() -> None:
        start.wait()
        try:
            rows.append(services.cancel_subsidy(**IDS))
        finally:
            connection.close()

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({row.pk for row in rows}) == 1
    assert len(rows) == 2
    assert len(gateway.calls("T1")) == 1
    assert SubsidyCancellation.objects.get().status == Status.SUCCEEDED


@pytest.mark.parametrize("send", [lambda pk: sender.send([pk]), lambda pk: services.process_due()])
def test_sending_inside_a_transaction_is_refused_with_the_remedy(
    gateway: Sandbox, send: Callable[[int], object]
) -> None:
    cancellation = services.cancel_subsidy(**IDS, send="later")
    with (
        pytest.raises(RuntimeError, match=r"open on the database “default”.*Send after it"),
        transaction.atomic(),
    ):
        send(cancellation.pk)
    assert gateway.calls() == []
    assert services.process_due().calls == 1  # it was not forgotten


def test_many_are_sent_and_each_is_recorded(gateway: Sandbox) -> None:
    for number in range(40):
        services.cancel_subsidy(sub_mchid="1900013401", transaction_id=f"M{number}", send="later")
    report = services.process_due()
    assert report.calls == 40
    assert report.outcomes == {"succeeded": 40}
    assert CancellationAttempt.objects.filter(outcome=Outcome.SUCCEEDED).count() == 40
    assert len(gateway.calls()) == 40


def test_the_limit_bounds_the_calls(gateway: Sandbox) -> None:
    for number in range(5):
        services.cancel_subsidy(sub_mchid="1900013401", transaction_id=f"M{number}", send="later")
    assert services.process_due(limit=2).calls == 2
    assert len(gateway.calls()) == 2


def test_an_attempt_holds_the_proof_and_no_secret(gateway: Sandbox) -> None:
    attempt = services.cancel_subsidy(**IDS).attempts.get()
    assert attempt.key_id == gateway.merchant_settings()["WECHATPAY_PUBLIC_KEY_ID"]
    assert set(attempt.answer_headers) >= {"Wechatpay-Signature", "Wechatpay-Timestamp"}
    assert b'"result":"SUCCESS"' in bytes(attempt.answer_body).replace(b" ", b"")
    assert bytes(attempt.request_body) == gateway.calls()[0].body
    kept = " ".join(str(value) for value in vars(attempt).values())
    assert "PRIVATE KEY" not in kept
    assert "WECHATPAY2-SHA256-RSA2048 mchid" not in kept


def test_without_anything_to_send_nobody_waits_for_anything(
    gateway: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "Lane", None)
    assert sender.send([], until=time.monotonic() + 60).calls == 0
