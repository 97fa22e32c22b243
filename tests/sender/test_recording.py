"""Recording answers: those that no database would store as they are, and in bad times."""

import threading
from dataclasses import replace
from typing import Any

import pytest
from django.db import IntegrityError, OperationalError

from wechat_subsidies import retrying, services
from wechat_subsidies.models import CancellationAttempt, SubsidyCancellation
from wechat_subsidies.outcomes import meaning_of_error
from wechat_subsidies.sandbox import Sandbox
from wechat_subsidies.sender import lanes, recording, sending
from wechat_subsidies.sender.calling import Call, Reply, calls_for
from wechat_subsidies.sender.claiming import Claim

from ..answers import api_error
from .claims import unhurried_claims

Status = SubsidyCancellation.Status

pytestmark = pytest.mark.django_db(transaction=True)


def calls_made_for(*transactions: str) -> list[Call]:
    for transaction_id in transactions:
        services.cancel_subsidy(sub_mchid="1900013401", transaction_id=transaction_id, send="later")
    return [made for each in unhurried_claims() for made in calls_for(each)]


def test_hostile_words_of_an_answer_are_cut_and_cleaned(gateway: Sandbox) -> None:
    (made,) = calls_made_for("T1")
    error = api_error(400, "PARAM_ERROR", "nul\0 surrogate\ud800 emoji🎉 " + "x" * 10_000)
    error.detail = {"value": "\0\ud800", "nested": [[1]]}
    reply = Reply(meaning=meaning_of_error(error), answer=error.answer, error=error)
    poisoned = replace(made, reply=reply)
    recording.record([poisoned], using="default")
    row = SubsidyCancellation.objects.get()
    assert row.status == Status.FAILED
    assert row.error_message.startswith("nul� surrogate? emoji� xxx")
    assert len(row.error_message) == 512
    assert "nested" in row.attempts.get().error_detail


def test_each_of_those_recorded_together_has_the_request_id_of_its_own_answer(
    gateway: Sandbox,
) -> None:
    calls = calls_made_for("T1", "T2", "T3")
    recording.record(calls, using="default")
    said = {made.claim.cancellation.pk: made.reply.answer.request_id for made in calls}
    assert dict(SubsidyCancellation.objects.values_list("pk", "request_id")) == said
    assert len(set(said.values())) == 3


def test_one_answer_that_cannot_be_stored_does_not_harm_its_neighbours(
    gateway: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = calls_made_for("T1", "T2")
    whole = recording.answered

    def poisoned(made: Call) -> dict[str, object]:
        if made.claim.cancellation.transaction_id == "T1":
            return {"request_id": object()}
        return whole(made)

    monkeypatch.setattr(recording, "answered", poisoned)
    monkeypatch.setattr(
        CancellationAttempt._meta.get_field("request_id"), "get_prep_value", refuse_objects
    )
    recording.record(calls, using="default")
    assert set(SubsidyCancellation.objects.values_list("status", flat=True)) == {Status.SUCCEEDED}
    assert CancellationAttempt.objects.count() == 2
    assert SubsidyCancellation.objects.get(transaction_id="T2").request_id


def refuse_objects(value: object) -> object:
    if not isinstance(value, str):
        raise TypeError("not storable")
    return value


def refuse_the_row_of(monkeypatch: pytest.MonkeyPatch, transaction_id: str) -> None:
    whole = recording.settle_successes

    def settle(calls: list[Call], **how: Any) -> None:
        if any(call.claim.cancellation.transaction_id == transaction_id for call in calls):
            raise IntegrityError("this row cannot be written")
        whole(calls, **how)

    monkeypatch.setattr(recording, "settle_successes", settle)


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "FIRST_WAIT", 0.01)
    monkeypatch.setattr(recording, "LONGEST_WAIT", 0.02)
    monkeypatch.setattr(recording, "PATIENCE", 0.2)
    monkeypatch.setattr(retrying, "FIRST_WAIT", 0.001)
    monkeypatch.setattr(retrying, "LONGEST_WAIT", 0.001)


def test_a_row_that_cannot_be_recorded_at_all_is_passed_over(
    gateway: Sandbox, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    calls = calls_made_for("T1", "T2", "T3")
    refuse_the_row_of(monkeypatch, "T1")
    recording.record(calls, using="default")
    rows = SubsidyCancellation.objects.order_by("transaction_id")
    statuses = list(rows.values_list("status", flat=True))
    assert statuses == [Status.SENDING, Status.SUCCEEDED, Status.SUCCEEDED]
    assert "The answer for T1 cannot be stored whole." in caplog.text


def test_a_row_that_was_deleted_meanwhile_is_passed_over(gateway: Sandbox) -> None:
    calls = calls_made_for("T1", "T2")
    SubsidyCancellation.objects.filter(transaction_id="T1").delete()
    recording.record(calls, using="default")
    assert SubsidyCancellation.objects.get().status == Status.SUCCEEDED
    assert CancellationAttempt.objects.count() == 1


class Away:
    """A database that is away for so many transactions; the connection does not work meanwhile."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, times: int) -> None:
        self.times = times
        self.whole = recording.record_together
        monkeypatch.setattr(recording, "record_together", self)
        monkeypatch.setattr(recording, "is_connected", lambda using: self.times <= 0)

    def __call__(self, calls: list[Call], **how: Any) -> None:
        self.times -= 1
        if self.times >= 0:
            raise OperationalError("the server has gone away")
        self.whole(calls, **how)


@pytest.mark.usefixtures("at_once")
def test_answers_are_kept_while_the_database_is_away(
    gateway: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = calls_made_for("T1", "T2")
    Away(monkeypatch, times=42)
    recording.record(calls, using="default")
    assert set(SubsidyCancellation.objects.values_list("proof", flat=True)) == {"wechat"}
    assert all(bytes(each.answer_body) for each in CancellationAttempt.objects.all())


@pytest.mark.usefixtures("at_once")
def test_a_database_that_stays_away_stops_the_sweep(
    gateway: Sandbox, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    calls = calls_made_for("T1")
    Away(monkeypatch, times=10_000)
    with caplog.at_level("INFO"), pytest.raises(OperationalError, match="gone away"):
        recording.record(calls, using="default")
    assert "transaction_id=T1 outcome=succeeded" in caplog.text


@pytest.mark.usefixtures("at_once")
def test_a_lock_costs_no_words(gateway: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = calls_made_for("T1")
    Away(monkeypatch, times=12)
    monkeypatch.setattr(recording, "is_connected", lambda using: True)
    recording.record(calls, using="default")
    assert bytes(CancellationAttempt.objects.get().answer_body)


@pytest.mark.usefixtures("at_once")
def test_words_that_a_database_refuses_like_a_lock_are_left_out_in_the_end(
    gateway: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = calls_made_for("T1")
    whole = recording.record_together

    def refuse_words(calls: list[Call], *, using: str, words: bool = True) -> None:
        if words:
            raise OperationalError(1366, "Incorrect string value")
        whole(calls, using=using, words=False)

    monkeypatch.setattr(recording, "record_together", refuse_words)
    recording.record(calls, using="default")
    assert SubsidyCancellation.objects.get().status == Status.SUCCEEDED


def test_answers_do_not_wait_for_the_slowest_call(
    gateway: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    others_are_recorded = threading.Event()

    def made(each: Claim) -> list[Call]:
        if each.cancellation.transaction_id == "T1":
            each = replace(each, deadline=replace(each.deadline, slot=None))
            assert others_are_recorded.wait(10)
        return calls_for(each)

    def recorded(calls: list[Call], *, using: str) -> None:
        recording.record(calls, using=using)
        if SubsidyCancellation.objects.filter(status=Status.SUCCEEDED).count() == 2:
            others_are_recorded.set()

    for number in range(1, 4):
        services.cancel_subsidy(sub_mchid="1900013401", transaction_id=f"T{number}", send="later")
    monkeypatch.setattr(lanes, "calls_for", made)
    monkeypatch.setattr(sending, "record", recorded)
    assert services.process_due().outcomes == {"succeeded": 3}
