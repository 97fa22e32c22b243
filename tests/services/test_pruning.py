"""What is deleted after its time, and what never is."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from example_project.shop.models import Order
from wechat_subsidies import services
from wechat_subsidies.exceptions import InvalidRequest
from wechat_subsidies.models import (
    CancellationAttempt,
    CancellationBatch,
    CancellationEvent,
    IdempotencyKey,
    SendingPause,
    SubsidyCancellation,
)
from wechat_subsidies.services import pruning
from wechat_subsidies.services.pruning import NAMELESS, Pruned, anonymise, prune

MakeOrder = Callable[..., Order]
Outcome = CancellationAttempt.Outcome

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("gateway")]

LONG_AGO = timedelta(days=731)


def row(number: int = 1, **values: Any) -> SubsidyCancellation:
    """A cancellation in that state, untouched for longer than calls are kept."""
    made = services.cancel_subsidy(sub_mchid="1", transaction_id=f"T{number}", send="later")
    changes = {"status": "failed", "send_after": None, "updated_at": timezone.now() - LONG_AGO}
    changes |= {"proof": "wechat"} if values.get("status") == "succeeded" else {}
    changes |= {"send_after": timezone.now()} if values.get("status") == "pending" else {}
    SubsidyCancellation.objects.filter(pk=made.pk).update(**changes | values)
    return made


def calls(cancellation: SubsidyCancellation, *outcomes: str, age: timedelta = LONG_AGO) -> None:
    """Calls that were made for it, so long ago."""
    moment = timezone.now() - age
    for outcome in outcomes:
        CancellationAttempt.objects.create(
            uuid=uuid.uuid4(),
            cancellation=cancellation,
            claim_token=uuid.uuid4(),
            mchid="1900000001",
            started_at=moment,
            ended_at=moment,
            request_body=b"{}",
            outcome=outcome,
            reason="system_error",
        )


def outcomes(cancellation: SubsidyCancellation) -> list[str]:
    return list(cancellation.attempts.values_list("outcome", flat=True))


def test_old_calls_go_and_the_last_one_stays() -> None:
    calls(one := row(1), "unknown", "unknown", "refused")
    calls(other := row(2), "not_sent", "refused")
    assert prune().attempts == 3
    assert (outcomes(one), outcomes(other)) == (["refused"], ["refused"])
    assert prune() == Pruned()


def test_the_proof_of_a_success_stays() -> None:
    calls(one := row(status="succeeded"), "unknown", "succeeded", "unknown")
    assert prune().attempts == 1
    assert outcomes(one) == ["succeeded", "unknown"]


@pytest.mark.parametrize(
    "values",
    [
        {"in_doubt": True},
        {"status": "needs_review"},
        {"status": "pending"},
        {"updated_at": timezone.now() - timedelta(days=729)},
    ],
)
def test_what_is_in_doubt_open_or_was_touched_lately_keeps_all(values: dict[str, Any]) -> None:
    calls(row(**values), "unknown", "refused")
    assert prune() == Pruned()
    assert CancellationAttempt.objects.count() == 2


@pytest.mark.parametrize("succeeded", [True, False])
def test_what_a_person_resolved_keeps_all_since_it_may_be_reopened(succeeded: bool) -> None:
    one = row(status="needs_review", in_doubt=True)
    calls(one, "unknown", "refused")
    services.resolve(one, succeeded=succeeded, note="seen in the platform", resolved_by="lihua")
    SubsidyCancellation.objects.update(updated_at=timezone.now() - LONG_AGO)
    assert prune() == Pruned()
    services.reopen(one, note="it was another order", reopened_by="lihua")
    assert (one.in_doubt, outcomes(one)) == (True, ["unknown", "refused"])


def test_calls_that_are_not_old_enough_stay(settings: Any) -> None:
    calls(row(), "unknown", "refused", age=timedelta(days=100))
    assert prune().attempts == 0
    settings.WECHAT_SUBSIDIES = {**settings.WECHAT_SUBSIDIES, "RETENTION_DAYS": 99}
    assert prune().attempts == 1


def test_what_was_taken_up_again_meanwhile_keeps_all() -> None:
    calls(one := row(), "unknown", "refused")
    keys = list(one.attempts.values_list("pk", flat=True))
    SubsidyCancellation.objects.update(in_doubt=True)
    assert pruning.delete_attempts(keys, using="default") == 0
    assert len(outcomes(one)) == 2


def test_many_go_a_few_at_a_time(monkeypatch: Any) -> None:
    monkeypatch.setattr(pruning, "CHUNK", 2)
    calls(row(), *["unknown"] * 6)
    told: list[int] = []
    assert prune(on_progress=told.append).attempts == 5
    assert told == [2, 4, 5]


def test_a_dry_run_only_counts(make_order: MakeOrder) -> None:
    calls(row(), "unknown", "refused")
    draft(make_order(), age=timedelta(days=8))
    assert prune(dry_run=True) == Pruned(attempts=1, drafts=1)
    assert (CancellationAttempt.objects.count(), CancellationBatch.objects.count()) == (2, 1)


def draft(order: Order, *, age: timedelta) -> CancellationBatch:
    batch = services.draft_batch([order])
    CancellationBatch.objects.filter(pk=batch.pk).update(created_at=timezone.now() - age)
    return batch


def test_drafts_go_after_a_week_and_batches_stay(make_order: MakeOrder) -> None:
    draft(make_order(), age=timedelta(days=7, hours=1))
    fresh = draft(make_order(), age=timedelta(days=7, hours=-1))
    confirmed = draft(make_order(), age=timedelta(0))
    services.confirm_batch(confirmed, confirmed_by="lihua")
    CancellationBatch.objects.filter(pk=confirmed.pk).update(created_at=timezone.now() - LONG_AGO)
    assert prune().drafts == 1
    assert set(CancellationBatch.objects.all()) == {fresh, confirmed}


def test_a_draft_that_was_confirmed_meanwhile_stays(make_order: MakeOrder) -> None:
    batch = draft(make_order(), age=timedelta(0))
    services.confirm_batch(batch, confirmed_by="lihua")
    CancellationBatch.objects.update(created_at=timezone.now() - LONG_AGO)
    assert pruning.delete_drafts([batch.pk], using="default") == 0
    assert batch.items.count() == 1


def test_idempotency_keys_go_after_a_day_unless_in_use() -> None:
    now, day = timezone.now(), timedelta(days=1)
    for key, age, locked in (("old", 2, -1), ("fresh", 0, -1), ("in use", 2, 1)):
        values = {"fingerprint": "0", "locked_until": now + locked * day}
        made = IdempotencyKey.objects.create(caller="erp", key=key, **values)
        IdempotencyKey.objects.filter(pk=made.pk).update(created_at=now - age * day)
    assert prune().idempotency_keys == 1
    assert {each.key for each in IdempotencyKey.objects.all()} == {"fresh", "in use"}


@pytest.fixture
def deeds(make_order: MakeOrder, staff: User) -> SubsidyCancellation:
    """What the user lihua has done, in all the places in which that is kept."""
    batch = services.draft_batch([make_order()], requested_by=staff)
    services.confirm_batch(batch, confirmed_by=staff)
    CancellationBatch.objects.update(stopped_by_name="lihua")
    cancellation = services.cancel_subsidy_for_order(make_order(), requested_by=staff, send="later")
    services.withdraw(cancellation, requested_by=staff)
    SubsidyCancellation.objects.update(resolved_by_name="lihua")
    services.pause("default", reason="…", paused_by=staff)
    services.resume("default", resumed_by=staff)
    return cancellation


def names_of(user: User) -> set[str]:
    """The places in which the user is still named."""
    return {
        f"{naming.model.__name__}.{column}"
        for naming in pruning.NAMINGS
        for column, value in ((naming.name, user.username), (naming.user, user))
        if column and naming.model.objects.filter(**{column: value}).exists()
    }


def test_a_person_is_made_nameless_everywhere(deeds: SubsidyCancellation, staff: User) -> None:
    assert len(names_of(staff)) == 12
    assert anonymise("lihua", dry_run=True).rows == 8
    assert len(names_of(staff)) == 12
    assert anonymise("lihua").rows == 8
    assert names_of(staff) == set()
    deeds.refresh_from_db()
    assert (deeds.requested_by_name, deeds.resolved_by_name) == (NAMELESS, NAMELESS)
    assert anonymise("lihua").rows == 0


def test_every_column_that_names_a_person_is_known() -> None:
    known = {(naming.model, naming.name) for naming in pruning.NAMINGS}
    models = [SubsidyCancellation, CancellationBatch, CancellationEvent, SendingPause]
    assert known == {
        (model, field.name)
        for model in models
        for field in model._meta.concrete_fields
        if field.name.endswith("_name")
    }


def test_others_keep_their_names(make_order: MakeOrder, staff: User) -> None:
    other = User.objects.create_user("wangfang")
    rows = [
        services.cancel_subsidy_for_order(make_order(), requested_by=who, send="later")
        for who in (other, "Lihua", "lihua")
    ]
    SubsidyCancellation.objects.filter(pk=rows[0].pk).update(requested_by_name="lihua")  # renamed
    assert anonymise("lihua").rows == 1
    names = SubsidyCancellation.objects.order_by("pk").values_list("requested_by_name", flat=True)
    assert list(names) == ["lihua", "Lihua", NAMELESS]


def test_names_differ_by_their_case(deeds: SubsidyCancellation, staff: User) -> None:
    assert anonymise("LIHUA").rows == 0
    assert len(names_of(staff)) == 12


def test_who_is_gone_from_the_users_is_known_by_name(
    deeds: SubsidyCancellation, staff: User
) -> None:
    staff.delete()
    assert anonymise("lihua").rows == 8


def test_what_is_in_doubt_keeps_the_name(deeds: SubsidyCancellation, staff: User) -> None:
    SubsidyCancellation.objects.update(in_doubt=True)
    done = anonymise("lihua")
    assert (done.rows, done.kept) == (5, 3)
    deeds.refresh_from_db()
    assert deeds.requested_by == staff


@pytest.mark.parametrize("name", ["", " ", NAMELESS])
def test_nobody_is_not_made_nameless(name: str) -> None:
    with pytest.raises(InvalidRequest):
        anonymise(name)
