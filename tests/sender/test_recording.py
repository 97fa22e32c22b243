"""Recording answers that no database would store as they are."""

from dataclasses import replace

import pytest

from wechat_subsidies import services
from wechat_subsidies.models import CancellationAttempt, SubsidyCancellation
from wechat_subsidies.outcomes import meaning_of_error
from wechat_subsidies.sandbox import Sandbox
from wechat_subsidies.sender import recording
from wechat_subsidies.sender.calling import Call, Reply, calls_for
from wechat_subsidies.sender.claiming import claim

from ..answers import api_error

Status = SubsidyCancellation.Status

pytestmark = pytest.mark.django_db(transaction=True)


def calls_made_for(*transactions: str) -> list[Call]:
    for transaction_id in transactions:
        services.cancel_subsidy(sub_mchid="1900013401", transaction_id=transaction_id, send="later")
    claims = claim(using="default", mchid="1900000001", limit=9).claims
    return [made for each in claims for made in calls_for(each)]


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
