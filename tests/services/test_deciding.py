"""What people decide: conditional, and written down with who and why."""

import json
import threading
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.db import connection

from wechat_subsidies import services
from wechat_subsidies.exceptions import Conflict, InvalidRequest
from wechat_subsidies.models import CancellationBatch, CancellationEvent, SubsidyCancellation
from wechat_subsidies.sandbox import Sandbox
from wechat_subsidies.signals import subsidy_cancellation_needs_review
from wechat_subsidies.texts import storable

Status = SubsidyCancellation.Status
IDS = {"sub_mchid": "1900013401", "transaction_id": "T1"}

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def refused(gateway: Sandbox) -> SubsidyCancellation:
    gateway.faults.add("invalid_request", transaction_id="T1", times=1)
    cancellation = services.cancel_subsidy(**IDS)
    SubsidyCancellation.objects.update(not_before=cancellation.asked_at)
    return cancellation


@pytest.fixture
def doubtful(gateway: Sandbox, settings) -> SubsidyCancellation:
    settings.WECHAT_SUBSIDIES = {**settings.WECHAT_SUBSIDIES, "MAX_ATTEMPTS": 1}
    gateway.faults.add("drop_after", transaction_id="T1", times=1)
    cancellation = services.cancel_subsidy(**IDS)
    SubsidyCancellation.objects.update(not_before=cancellation.asked_at)
    assert cancellation.status == Status.NEEDS_REVIEW
    return cancellation


def event() -> tuple[str, str, str]:
    return CancellationEvent.objects.values_list("kind", "actor_name", "note").get()


def test_a_refused_one_is_sent_again_with_other_parameters(
    gateway: Sandbox, refused: SubsidyCancellation, staff: User
) -> None:
    services.retry(
        refused, description="更正", refund_id="R2", requested_by=staff, note="退款已到账"
    )
    assert refused.status == Status.SUCCEEDED
    assert json.loads(gateway.calls()[-1].body) == {**IDS, "description": "更正", "refund_id": "R2"}
    assert event() == ("retried", "lihua", "退款已到账")


def test_a_doubtful_one_is_repeated_byte_for_byte(
    gateway: Sandbox, doubtful: SubsidyCancellation
) -> None:
    services.retry(doubtful, requested_by="lihua")
    first, second = gateway.calls("T1")
    assert first.body == second.body
    assert doubtful.status == Status.SUCCEEDED


def test_a_doubtful_one_keeps_its_parameters(doubtful: SubsidyCancellation) -> None:
    with pytest.raises(Conflict) as refusal:
        services.retry(doubtful, description="更正")
    assert refusal.value.code == "frozen"
    assert not CancellationEvent.objects.exists()


def test_a_retry_waits_until_the_gateway_may_be_called_again(
    gateway: Sandbox, doubtful: SubsidyCancellation
) -> None:
    later = doubtful.updated_at.replace(year=doubtful.updated_at.year + 1)
    SubsidyCancellation.objects.update(not_before=later)
    services.retry(doubtful)
    assert (doubtful.status, doubtful.send_after) == (Status.PENDING, later)
    assert len(gateway.calls("T1")) == 1


def test_wrong_parameters_are_refused_by_field(refused: SubsidyCancellation) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        services.retry(refused, description="退款🎉")
    assert refusal.value.fields["description"][0] == "invalid_characters"


def test_a_cancelled_one_is_not_retried(gateway: Sandbox) -> None:
    cancellation = services.cancel_subsidy(**IDS)
    with pytest.raises(Conflict) as refusal:
        services.retry(cancellation)
    assert refusal.value.code == "frozen"


def test_one_on_its_way_is_not_retried(gateway: Sandbox) -> None:
    cancellation = services.cancel_subsidy(**IDS, send="later")
    with pytest.raises(Conflict) as refusal:
        services.retry(cancellation)
    assert refusal.value.code == "in_progress"


def test_what_was_never_sent_may_be_withdrawn(gateway: Sandbox) -> None:
    cancellation = services.cancel_subsidy(**IDS, send="later")
    services.withdraw(cancellation, note="搞错了", requested_by="lihua")
    services.process_due()
    assert cancellation.status == Status.WITHDRAWN
    assert gateway.calls() == []
    assert event() == ("withdrawn", "lihua", "搞错了")


def test_what_is_in_doubt_cannot_be_withdrawn(gateway: Sandbox) -> None:
    gateway.faults.add("drop_after", transaction_id="T1")
    cancellation = services.cancel_subsidy(**IDS)
    with pytest.raises(Conflict) as refusal:
        services.withdraw(cancellation)
    assert refusal.value.code == "frozen"


def test_what_is_being_sent_cannot_be_withdrawn(gateway: Sandbox) -> None:
    cancellation = services.cancel_subsidy(**IDS, send="later")
    SubsidyCancellation.objects.update(status=Status.SENDING)
    with pytest.raises(Conflict) as refusal:
        services.withdraw(cancellation)
    assert refusal.value.code == "in_progress"


@pytest.mark.parametrize(("succeeded", "status"), [(True, "succeeded"), (False, "failed")])
def test_a_person_states_what_became_of_it(
    doubtful: SubsidyCancellation, staff: User, succeeded: bool, status: str
) -> None:
    services.resolve(doubtful, succeeded=succeeded, note="商户平台已核对", resolved_by=staff)
    assert (doubtful.status, doubtful.proof, doubtful.in_doubt) == (status, "person", False)
    assert (doubtful.resolved_by_name, doubtful.resolution_note) == ("lihua", "商户平台已核对")
    assert doubtful.announce_after is not None


@pytest.mark.parametrize("decide", ["retry", "resolve"])
def test_a_note_is_kept_as_every_database_can(doubtful: SubsidyCancellation, decide: str) -> None:
    hostile = "seen\0\U0001f600" + "x" * 500
    if decide == "retry":
        services.retry(doubtful, note=hostile, send="later")
    else:
        services.resolve(doubtful, succeeded=True, note=hostile, resolved_by="lihua")
        assert SubsidyCancellation.objects.get().resolution_note == storable(hostile, limit=512)
    assert doubtful.events.get().note == storable(hostile, limit=512)


@pytest.mark.parametrize(
    "decide",
    [
        lambda row, note: services.retry(row, note=note, send="later"),
        lambda row, note: services.resolve(row, succeeded=True, note=note, resolved_by="lihua"),
        lambda row, note: services.retry_refused(SubsidyCancellation.objects.all(), note=note),
        lambda row, note: services.stop_batch(
            CancellationBatch.objects.create(), note=note, stopped_by="lihua"
        ),
    ],
)
def test_a_note_whose_end_would_be_lost_is_refused(
    doubtful: SubsidyCancellation, decide: Callable[[SubsidyCancellation, str], object]
) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        decide(doubtful, "x" * 513)
    assert refusal.value.fields["note"][0] == "too_long"
    doubtful.refresh_from_db()
    assert doubtful.status == Status.NEEDS_REVIEW


def test_a_statement_needs_a_note(doubtful: SubsidyCancellation) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        services.resolve(doubtful, succeeded=True, note=" ", resolved_by="lihua")
    assert refusal.value.fields["note"][0] == "required"


def test_nobody_says_not_cancelled_while_the_gateway_may_still_be_at_work(
    doubtful: SubsidyCancellation,
) -> None:
    later = doubtful.updated_at.replace(year=doubtful.updated_at.year + 1)
    SubsidyCancellation.objects.update(not_before=later)
    with pytest.raises(Conflict) as refusal:
        services.resolve(doubtful, succeeded=False, note="x", resolved_by="lihua")
    assert refusal.value.code == "in_progress"
    services.resolve(doubtful, succeeded=True, note="x", resolved_by="lihua")
    assert doubtful.status == Status.SUCCEEDED


def test_only_what_needs_review_is_resolved(refused: SubsidyCancellation) -> None:
    with pytest.raises(Conflict, match="Refused by WeChat Pay"):
        services.resolve(refused, succeeded=True, note="x", resolved_by="lihua")


def test_a_statement_may_be_taken_back(doubtful: SubsidyCancellation) -> None:
    services.resolve(doubtful, succeeded=True, note="x", resolved_by="lihua")
    services.reopen(doubtful, note="看错了", reopened_by="wang")
    assert (doubtful.status, doubtful.in_doubt, doubtful.proof) == ("needs_review", True, "")
    kinds = CancellationEvent.objects.values_list("kind", "actor_name")
    assert list(kinds) == [("resolved", "lihua"), ("reopened", "wang")]


def test_what_is_taken_back_is_announced_as_in_need_of_review(
    doubtful: SubsidyCancellation,
) -> None:
    services.resolve(doubtful, succeeded=True, note="x", resolved_by="lihua")
    services.process_due()  # announces the statement
    heard: list[str] = []

    def receiver(cancellation: SubsidyCancellation, **kwargs: object) -> None:
        heard.append(cancellation.status)

    subsidy_cancellation_needs_review.connect(receiver)
    try:
        services.reopen(doubtful, note="看错了", reopened_by="wang")
        services.process_due()
    finally:
        subsidy_cancellation_needs_review.disconnect(receiver)
    assert heard == ["needs_review"]


def test_a_decision_about_a_row_that_was_called_meanwhile_comes_too_late(
    refused: SubsidyCancellation, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = services.deciding.new_parameters

    def called_meanwhile(*args: object, **kwargs: object) -> dict[str, object]:
        SubsidyCancellation.objects.update(attempt_count=2)  # refused once more by somebody's retry
        return whole(*args, **kwargs)

    monkeypatch.setattr(services.deciding, "new_parameters", called_meanwhile)
    with pytest.raises(Conflict) as refusal:
        services.retry(refused)
    assert refusal.value.code == "frozen"


def test_a_signed_success_cannot_be_taken_back(gateway: Sandbox) -> None:
    cancellation = services.cancel_subsidy(**IDS)
    with pytest.raises(Conflict):
        services.reopen(cancellation, note="x", reopened_by="lihua")
    assert cancellation.status == Status.SUCCEEDED


def test_of_two_who_decide_at_once_one_comes_too_late(doubtful: SubsidyCancellation) -> None:
    outcomes: list[str] = []
    start = threading.Barrier(2)

    def decide(action: Callable[[SubsidyCancellation], object]) -> None:
        row = SubsidyCancellation.objects.get()
        start.wait()
        try:
            action(row)
            outcomes.append("done")
        except Conflict as refusal:
            outcomes.append(refusal.code)
        finally:
            connection.close()

    actions = [
        lambda row: services.resolve(row, succeeded=True, note="a", resolved_by="a"),
        lambda row: services.resolve(row, succeeded=False, note="b", resolved_by="b"),
    ]
    threads = [threading.Thread(target=decide, args=[action]) for action in actions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["done", "frozen"]
    assert CancellationEvent.objects.count() == 1
