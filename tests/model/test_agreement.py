"""What the model writes down by hand, held against the services and the sender: buttons and claims."""

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from wechat_subsidies import clock, services
from wechat_subsidies.exceptions import Conflict
from wechat_subsidies.models import CancellationAttempt, CancellationEvent, SubsidyCancellation
from wechat_subsidies.outcomes import LOST
from wechat_subsidies.sandbox import Sandbox
from wechat_subsidies.sender.claiming import claim

from . import people, sending
from .decisions import MAX_ATTEMPTS, small_numbers
from .rules import ALL
from .world import Row, World

Status = SubsidyCancellation.Status
IDS = {"sub_mchid": "1900013401", "transaction_id": "T1"}
LATER = 1000  # seconds, of which the model knows 1

STATES = [
    Row(Status.PENDING, due=0),
    Row(Status.PENDING, due=0, in_doubt=True),
    Row(Status.SENDING, due=1, in_doubt=True),
    Row(Status.SUCCEEDED, "wechat"),
    Row(Status.SUCCEEDED, "person"),
    Row(Status.FAILED),
    Row(Status.FAILED, "person"),
    Row(Status.NEEDS_REVIEW, in_doubt=True),
    Row(Status.WITHDRAWN),
]
ROWS = [row._replace(not_before=later, unknown_count=1) for row in STATES for later in (0, 1)]

BUTTONS: dict[str, tuple[Callable[..., object], Callable[[Row], Row | None]]] = {
    "ask": (lambda row: services.cancel_subsidy(**IDS, send="later"), people.ask),
    "retry": (lambda row: services.retry(row, send="later"), people.retry),
    "withdraw": (services.withdraw, people.withdraw),
    "cancelled": (
        lambda row: services.resolve(row, succeeded=True, note="x", resolved_by="lihua"),
        lambda row: people.resolve(row, succeeded=True),
    ),
    "not cancelled": (
        lambda row: services.resolve(row, succeeded=False, note="x", resolved_by="lihua"),
        lambda row: people.resolve(row, succeeded=False),
    ),
    "reopen": (lambda row: services.reopen(row, note="x", reopened_by="lihua"), people.reopen),
}


def stored(row: Row) -> SubsidyCancellation:
    """A cancellation like a row of the model."""
    cancellation = services.cancel_subsidy(**IDS, send="later")
    now = clock.now("default")
    SubsidyCancellation.objects.update(
        status=row.status,
        proof=row.proof,
        in_doubt=row.in_doubt,
        unknown_count=row.unknown_count,
        send_after=None if row.due is None else moment(now, row.due),
        not_before=moment(now, row.not_before),
        claim_token=uuid.uuid4() if row.status == Status.SENDING else None,
        lease_until=moment(now, row.due) if row.status == Status.SENDING else None,
    )
    cancellation.refresh_from_db()
    return cancellation


def moment(now: datetime, seconds: int) -> datetime:
    return now + timedelta(seconds=LATER if seconds else -LATER)


def as_row() -> Row:
    """The one cancellation there is, as a row of the model."""
    found, now = SubsidyCancellation.objects.get(), clock.now("default")
    return Row(
        status=found.status,
        proof=found.proof,
        in_doubt=found.in_doubt,
        unknown_count=found.unknown_count,
        due=found.send_after and int(found.send_after > now),
        not_before=int(found.not_before is not None and found.not_before > now),
    )


@pytest.mark.django_db
@pytest.mark.parametrize("button", BUTTONS)
def test_a_button_does_in_the_model_what_it_does_to_a_row(button: str, gateway: Sandbox) -> None:
    press, in_model = BUTTONS[button]
    for row in ROWS:
        cancellation = stored(row)
        try:
            press(cancellation)
        except Conflict:
            assert as_row() == row
        assert as_row() == (in_model(row) or row), row
        CancellationEvent.objects.all().delete()
        SubsidyCancellation.objects.all().delete()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("unknown_count", range(MAX_ATTEMPTS))
@pytest.mark.parametrize(
    ("status", "in_doubt"),
    [(Status.PENDING, False), (Status.PENDING, True), (Status.SENDING, True)],
)
def test_a_claim_does_in_the_model_what_it_does_to_a_row(
    status: str, in_doubt: bool, unknown_count: int, gateway: Sandbox
) -> None:
    row = Row(status, in_doubt=in_doubt, due=0, unknown_count=unknown_count)
    with small_numbers():
        stored(row)
        claimed = claim(using="default", mchid="1900000001", limit=10)
        in_model = next(sending.claims(World(row=row), ALL)).world
        assert as_row() == in_model.row._replace(due=in_model.row.due and 1)
    holders = [worker for worker in in_model.workers if worker.holds]
    assert [c.was_in_doubt for c in claimed.claims] == [w.was_in_doubt for w in holders]
    lost = CancellationAttempt.objects.filter(outcome=LOST.outcome)
    assert lost.count() == (status == Status.SENDING)
