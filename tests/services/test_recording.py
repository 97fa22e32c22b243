"""Recording: one row for each transaction, whoever else records it at the same moment."""

import threading
from dataclasses import replace
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from wechat_subsidies import clock, services
from wechat_subsidies.exceptions import ConcurrentRequest
from wechat_subsidies.models import CancellationEvent, SubsidyCancellation
from wechat_subsidies.orders import Target
from wechat_subsidies.sandbox import Sandbox
from wechat_subsidies.services import groups, recording
from wechat_subsidies.services.requester import Requester
from wechat_subsidies.services.wishes import Wish, prepare

IDS = {"sub_mchid": "1900013401", "transaction_id": "T1"}
Source = SubsidyCancellation.Source

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def wish(gateway: Sandbox) -> Wish:
    return prepare(
        Target(**IDS, has_refund=True),
        description=None,
        refund_id=None,
        merchant="default",
        requester=Requester(),
        source=Source.SERVICE,
        facts={},
    )


def elsewhere(work: Any) -> None:
    """Do it on a thread, and connection, of its own."""

    def run() -> None:
        try:
            work()
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()


def test_who_is_overtaken_gets_the_others_row(wish: Wish, monkeypatch: pytest.MonkeyPatch) -> None:
    insert = recording.insert

    def overtaken(wish: Wish, **how: Any) -> SubsidyCancellation:
        monkeypatch.setattr(recording, "insert", insert)
        elsewhere(lambda: recording.record(wish, using=how["using"]))
        return insert(wish, **how)

    monkeypatch.setattr(recording, "insert", overtaken)
    row = recording.record(wish, using="default")
    assert row == SubsidyCancellation.objects.get()
    assert not row.newly_recorded


@pytest.fixture
def refused_insert(monkeypatch: pytest.MonkeyPatch) -> None:
    """A row that the database refuses, although no other is to be seen."""

    def refuse(wish: Wish, **how: Any) -> SubsidyCancellation:
        raise IntegrityError("a constraint of the shop's own")

    monkeypatch.setattr(recording, "insert", refuse)


def test_what_the_database_refuses_for_another_reason_is_raised(
    wish: Wish, refused_insert: None
) -> None:
    with pytest.raises(IntegrityError, match="of the shop's own"):
        recording.record(wish, using="default")


def test_within_an_older_snapshot_the_caller_is_to_try_again(
    wish: Wish, refused_insert: None
) -> None:
    with transaction.atomic(), pytest.raises(ConcurrentRequest, match="T1") as refusal:
        recording.record(wish, using="default")
    assert refusal.value.code == "try_again"


def test_what_was_withdrawn_is_asked_for_again_by_one_of_two(wish: Wish) -> None:
    services.withdraw(services.cancel_subsidy(**IDS, send="later"), requested_by=None)
    seen = [SubsidyCancellation.objects.get() for _ in range(2)]
    how = {"asked_at": clock.now("default"), "using": "default"}
    first, second = (recording.ask_again(wish, row, **how) for row in seen)
    assert (first.newly_recorded, second.newly_recorded) == (True, False)
    assert CancellationEvent.objects.filter(kind=CancellationEvent.Kind.ASKED_AGAIN).count() == 1


def test_what_was_asked_for_and_withdrawn_once_more_since_it_was_looked_at_stays_so(
    wish: Wish,
) -> None:
    services.withdraw(services.cancel_subsidy(**IDS, send="later"))
    seen = SubsidyCancellation.objects.get()
    services.withdraw(services.cancel_subsidy(**IDS, send="later"))
    row = recording.ask_again(wish, seen, asked_at=clock.now("default"), using="default")
    assert (row.newly_recorded, row.status) == (False, "withdrawn")


def test_in_a_group_a_conflict_does_not_hold_up_its_neighbours(wish: Wish) -> None:
    services.cancel_subsidy(**IDS, send="later")
    other = replace(wish, merchant=replace(wish.merchant, name="other"))
    free = replace(wish, request=replace(wish.request, transaction_id="T2"))
    first, second = groups.record_group([free, other], ask_again=True, using="default")
    assert (first.code, first.cancellation) == ("other_merchant", None)
    assert second.is_new
