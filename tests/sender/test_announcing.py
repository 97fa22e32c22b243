"""The shop hears of every arrival, at least once."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import OperationalError

from wechat_subsidies import clock, sender, services, signals
from wechat_subsidies.models import SubsidyCancellation
from wechat_subsidies.sandbox import Sandbox
from wechat_subsidies.sender import announcer, announcing, process
from wechat_subsidies.sender.lanes import Lane

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


def test_a_function_that_raised_is_named_in_the_log_and_called_again(
    gateway: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    def start_profit_sharing(**kwargs: Any) -> None:
        raise LookupError("a shop's own mistake")

    signals.subsidy_cancelled.connect(start_profit_sharing)
    try:
        cancellation = services.cancel_subsidy(**IDS)
    finally:
        signals.subsidy_cancelled.disconnect(start_profit_sharing)
    cancellation.refresh_from_db()
    assert cancellation.announce_after is not None
    (ours,) = (each for each in caplog.records if each.name == "wechat_subsidies")
    assert "start_profit_sharing" in ours.getMessage()
    assert ours.exc_info


def test_what_another_process_has_taken_is_not_announced(
    gateway: Sandbox, receiver: Receiver
) -> None:
    cancellation = services.cancel_subsidy(**IDS)
    receiver.heard.clear()
    now = clock.now("default")
    left = announcing.announce_group([cancellation.pk], using="default", now=now, until=0)
    assert (left, receiver.heard) == (0, [])


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
        for module in (process, announcer):
            patch.setattr(module, "announce_due", lambda **kwargs: False)
        services.cancel_subsidy(**IDS, send="later")
        services.process_due()
    assert receiver.heard == []
    services.process_due()
    assert receiver.heard == [("T1", "succeeded", 1)]


def test_a_request_that_died_before_announcing_leaves_it_to_the_sweep_after_a_minute(
    gateway: Sandbox, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(process, "announce_recorded", lambda *key, **kwargs: None)
        cancellation = services.cancel_subsidy(**IDS)
    services.process_due()
    assert receiver.heard == []  # the request might be at it
    assert cancellation.announce_after - cancellation.asked_at > announcing.FIRST_DELAY
    SubsidyCancellation.objects.update(announce_after=cancellation.asked_at)
    services.process_due()
    assert receiver.heard == [("T1", "succeeded", 1)]


def test_who_sends_one_alone_announces_nothing_that_another_has_taken(
    gateway: Sandbox, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = process.announce_recorded

    def after_another(*key: int, **how: Any) -> None:
        SubsidyCancellation.objects.update(announce_after=how["now"] + announcing.FIRST_DELAY * 2)
        whole(*key, **how)

    monkeypatch.setattr(process, "announce_recorded", after_another)
    services.cancel_subsidy(**IDS)
    assert receiver.heard == []


def test_an_answer_that_was_kept_for_minutes_is_announced_once_though_a_sweep_comes_by(
    gateway: Sandbox, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = Lane.take_ended

    def kept(lane: Lane) -> Any:
        calls, missed = whole(lane)
        return [
            replace(call, ended_at=call.ended_at - timedelta(minutes=4)) for call in calls
        ], missed

    def sweep(**kwargs: Any) -> None:
        announcing.announce_due(using="default", until=0)

    monkeypatch.setattr(Lane, "take_ended", kept)
    signals.subsidy_cancelled.connect(sweep)
    try:
        services.cancel_subsidy(**IDS)
    finally:
        signals.subsidy_cancelled.disconnect(sweep)
    assert receiver.heard == [("T1", "succeeded", 1)]


def test_the_signals_are_those_that_hosts_connect_to() -> None:
    assert announcing.SIGNALS["succeeded"] is signals.subsidy_cancelled


def test_receivers_hold_up_neither_sending_nor_recording(
    gateway: Sandbox, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    everything_is_recorded = threading.Event()
    waited: list[bool] = []

    def wait_until_recorded() -> None:
        waited.append(everything_is_recorded.wait(10))

    def progress(report: sender.ProcessReport) -> None:
        if report.calls == 6:
            everything_is_recorded.set()

    monkeypatch.setattr(receiver, "heard", Noting(receiver.heard.append, wait_until_recorded))
    for number in range(6):
        services.cancel_subsidy(sub_mchid="1900013401", transaction_id=f"S{number}", send="later")
    services.process_due(concurrency=2, on_progress=progress)
    assert waited == [True] * 6


@pytest.mark.usefixtures("receiver")
def test_a_database_that_fails_the_receivers_thread_does_not_end_the_run(
    gateway: Sandbox, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    has_failed = threading.Event()

    def broken(**kwargs: object) -> bool:
        has_failed.set()
        raise OperationalError("gone away")

    monkeypatch.setattr(announcer, "GATHERING", 0.0)
    monkeypatch.setattr(announcer, "announce_due", broken)
    services.cancel_subsidy(**IDS, send="later")
    report = services.process_due(on_progress=lambda _: has_failed.wait(10))
    assert report.outcomes == {"succeeded": 1}
    assert "what is left is announced later" in caplog.text
    assert SubsidyCancellation.objects.get().announce_after is None  # by the run's end


def test_the_receivers_thread_goes_on_while_something_is_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    left, is_done = [2, 1, 0], threading.Event()

    def announce_some(**kwargs: object) -> int:
        if len(left) == 1:
            is_done.set()
        return left.pop(0)

    monkeypatch.setattr(announcer, "GATHERING", 0.0)
    monkeypatch.setattr(announcer, "announce_due", announce_some)
    with announcer.Announcer(using="default") as thread:
        thread.wake()
        assert is_done.wait(10)


def test_what_becomes_due_while_receivers_run_is_sent_before_the_rest_is_announced(
    gateway: Sandbox, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "ANNOUNCING", 0.0)

    def ask_again() -> None:
        if len(gateway.calls()) == 4:
            services.cancel_subsidy(sub_mchid="1900013401", transaction_id="NEW", send="later")

    monkeypatch.setattr(receiver, "heard", Noting(receiver.heard.append, ask_again))
    for number in range(4):
        services.cancel_subsidy(sub_mchid="1900013401", transaction_id=f"S{number}", send="later")
    services.process_due(concurrency=4)
    assert len(gateway.calls("NEW")) == 1
    assert not SubsidyCancellation.objects.exclude(announce_after=None).exists()


def test_in_a_request_receivers_run_for_a_short_time_and_the_sweep_calls_the_rest(
    gateway: Sandbox, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "PATIENCE", 0.0)
    keys = [
        services.cancel_subsidy(
            sub_mchid="1900013401", transaction_id=f"S{number}", send="later"
        ).pk
        for number in range(4)
    ]
    sender.send(keys)
    assert len(gateway.calls()) == 4
    assert 0 < len(receiver.heard) < 4
    services.process_due()
    assert sorted(heard[0] for heard in receiver.heard) == ["S0", "S1", "S2", "S3"]


class Noting:
    """What is appended to it goes on to `append`, and `note` is called."""

    def __init__(self, append: Callable[..., None], note: Callable[[], None]) -> None:
        self.goes_on, self.note = append, note

    def append(self, heard: tuple[str, str, int]) -> None:
        self.goes_on(heard)
        self.note()


@pytest.mark.django_db  # in a transaction, as hosts' tests are
def test_within_a_test_of_the_hosts_receivers_are_called_on_its_own_thread(
    gateway: Sandbox, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: list[threading.Thread] = []
    monkeypatch.setattr(
        receiver,
        "heard",
        Noting(receiver.heard.append, lambda: threads.append(threading.current_thread())),
    )
    services.cancel_subsidy(**IDS, send="later")
    services.process_due()
    assert threads == [threading.current_thread()]
