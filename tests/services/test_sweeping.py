"""Sweeps one after the other, and what a database that fails does to them."""

import threading
from typing import Any

import pytest
from django.db import OperationalError

from wechat_subsidies import services
from wechat_subsidies.retrying import TRIES
from wechat_subsidies.sandbox import Sandbox
from wechat_subsidies.services import sweeping
from wechat_subsidies.services.sweeping import POLL, TROUBLE

pytestmark = pytest.mark.django_db(transaction=True)


class Sweeps(threading.Event):
    """Waits no time between sweeps, and stops them after so many."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self.left = count
        self.waits: list[float] = []

    def wait(self, timeout: float | None = None) -> bool:
        if timeout in (POLL, TROUBLE):  # else it waits for what is under way
            self.waits.append(timeout)
            self.left -= 1
            if not self.left:
                self.set()
            return self.is_set()
        return super().wait(timeout)


@pytest.fixture
def failing_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A database that is away while the first sweep begins, for as often as that is tried."""
    beat, failures = sweeping.sender.beat, iter(range(TRIES))

    def fail(**kwargs: Any) -> None:
        if next(failures, None) is not None:
            raise OperationalError("the server has gone away")
        beat(**kwargs)

    monkeypatch.setattr(sweeping.sender, "beat", fail)


def ask() -> None:
    services.cancel_subsidy(sub_mchid="1900013401", transaction_id="T1", send="later")


def test_with_nothing_to_do_the_next_sweep_is_in_a_second(gateway: Sandbox) -> None:
    stop = Sweeps(3)
    assert services.process_due(forever=True, stop=stop).calls == 0
    assert stop.waits == [POLL] * 3


def test_once_the_database_is_back_a_sweep_goes_on(
    gateway: Sandbox, failing_once: None, caplog: pytest.LogCaptureFixture
) -> None:
    ask()
    stop = Sweeps(3)
    assert services.process_due(forever=True, stop=stop).outcomes == {"succeeded": 1}
    assert stop.waits[0] == TROUBLE
    assert "The database failed; the next sweep is in 5 s." in caplog.text


def test_a_single_sweep_says_that_the_database_failed(gateway: Sandbox, failing_once: None) -> None:
    with pytest.raises(OperationalError, match="gone away"):
        services.process_due()


def test_a_sweep_without_room_for_a_call_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 1; 0 was given"):
        services.process_due(concurrency=0)
