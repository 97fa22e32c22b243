"""The shop hears of every arrival, at least once."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from wechat_subsidies import services, signals
from wechat_subsidies.models import SubsidyCancellation
from wechat_subsidies.sandbox import Sandbox
from wechat_subsidies.sender import announcing

IDS = {"sub_mchid": "1900013401", "transaction_id": "T1"}

pytestmark = pytest.mark.django_db(transaction=True)


class Receiver:
    """Keeps what it was told; raises where it is told to."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, str, int]] = []
        self.raises = False

    def __call__(
        self, *, cancellation: SubsidyCancellation, attempt_count: int, **kwargs: Any
    ) -> None:
        self.heard.append((cancellation.transaction_id, cancellation.status, attempt_count))
        if self.raises:
            raise LookupError("a shop's own mistake")


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    of_cancellations = list(announcing.SIGNALS.values())
    for signal in of_cancellations:
        signal.connect(receiver)
    yield receiver
    for signal in of_cancellations:
        signal.disconnect(receiver)


@pytest.mark.parametrize(("fault", "status"), [(None, "succeeded"), ("invalid_request", "failed")])
def test_an_arrival_is_announced_once(
    gateway: Sandbox, receiver: Receiver, fault: str | None, status: str
) -> None:
    if fault:
        gateway.faults.add(fault, transaction_id="T1")
    cancellation = services.cancel_subsidy(**IDS)
    services.process_due()
    assert receiver.heard == [("T1", status, 1)]
    cancellation.refresh_from_db()
    assert cancellation.announce_after is None


def test_an_unknown_outcome_is_not_announced(gateway: Sandbox, receiver: Receiver) -> None:
    gateway.faults.add("system_error", transaction_id="T1")
    services.cancel_subsidy(**IDS)
    assert receiver.heard == []


def test_a_receiver_that_raised_is_called_again_by_the_sweep(
    gateway: Sandbox, receiver: Receiver
) -> None:
    receiver.raises = True
    cancellation = services.cancel_subsidy(**IDS)
    assert cancellation.status == "succeeded"
    assert cancellation.announce_after is not None
    receiver.raises = False
    SubsidyCancellation.objects.update(announce_after=cancellation.asked_at)
    services.process_due()
    assert len(receiver.heard) == 2
    cancellation.refresh_from_db()
    assert cancellation.announce_after is None


def test_announcing_is_given_up_at_last_and_stays_visible(
    gateway: Sandbox, receiver: Receiver
) -> None:
    receiver.raises = True
    cancellation = services.cancel_subsidy(**IDS)
    SubsidyCancellation.objects.update(
        announce_count=announcing.MOST_TRIES - 1, announce_after=cancellation.asked_at
    )
    services.process_due()
    cancellation.refresh_from_db()
    assert cancellation.announce_after == announcing.GIVEN_UP
    assert datetime(9000, 1, 1, tzinfo=UTC) < announcing.GIVEN_UP


def test_a_process_that_died_before_announcing_leaves_it_to_the_sweep(
    gateway: Sandbox, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("wechat_subsidies.sender.process.announce_due", lambda **kwargs: False)
        services.cancel_subsidy(**IDS)
    assert receiver.heard == []
    services.process_due()
    assert receiver.heard == [("T1", "succeeded", 1)]


def test_the_signals_are_those_that_hosts_connect_to() -> None:
    assert announcing.SIGNALS["succeeded"] is signals.subsidy_cancelled
