"""Transactions that lose are tried again; those that nobody commits are refused."""

import pytest
from django.db import InterfaceError, OperationalError, connection, transaction

from wechat_subsidies import retrying, services
from wechat_subsidies.sandbox import Sandbox
from wechat_subsidies.sender.claiming import claim
from wechat_subsidies.sender.recording import record_together

IDS = {"sub_mchid": "1900013401", "transaction_id": "T1"}

pytestmark = pytest.mark.django_db(transaction=True)


class Loses:
    """Raises the error so many times, then returns how often it was tried."""

    def __init__(self, *, times: int, error: type[Exception] = OperationalError) -> None:
        self.times, self.error, self.tried = times, error, 0

    def __call__(self) -> int:
        self.tried += 1
        if self.tried <= self.times:
            raise self.error("somebody else was faster")
        return self.tried


@pytest.mark.parametrize("error", [OperationalError, InterfaceError])
def test_what_loses_is_tried_five_times(error: type[Exception]) -> None:
    assert retrying.retried(Loses(times=4, error=error)) == 5
    loses = Loses(times=5, error=error)
    with pytest.raises(error, match="faster"):
        retrying.retried(loses)
    assert loses.tried == 5


def test_a_mistake_is_not_tried_again() -> None:
    loses = Loses(times=1, error=ValueError)
    with pytest.raises(ValueError, match="faster"):
        retrying.retried(loses)
    assert loses.tried == 1


def test_a_broken_connection_is_replaced_before_the_next_try(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    connection.ensure_connection()
    broken = connection.connection
    monkeypatch.setattr(connection, "is_usable", lambda: connection.connection is not broken)
    closed = []
    monkeypatch.setattr(connection, "close", lambda: closed.append(True))
    retrying.retried(Loses(times=1))
    assert closed


def test_a_broken_connection_is_left_alone_inside_a_transaction(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    closed = []
    with transaction.atomic(), monkeypatch.context() as patch:
        patch.setattr(connection, "is_usable", lambda: False)
        patch.setattr(connection, "close", lambda: closed.append(True))
        retrying.retried(Loses(times=1))
    assert not closed


def test_with_autocommit_off_nothing_is_claimed_and_nothing_sent(gateway: Sandbox) -> None:
    cancellation = services.cancel_subsidy(**IDS, send="later")
    transaction.set_autocommit(False)
    try:
        with pytest.raises(RuntimeError, match="Autocommit is off on the database “default”"):
            claim(using="default", mchid="1900000001", limit=1)
    finally:
        transaction.rollback()
        transaction.set_autocommit(True)
    cancellation.refresh_from_db()
    assert cancellation.status == "pending"
    assert gateway.calls() == []


def test_with_autocommit_off_nothing_is_recorded(db: None) -> None:
    transaction.set_autocommit(False)
    try:
        with pytest.raises(RuntimeError, match="Autocommit is off"):
            record_together([], using="default")
    finally:
        transaction.rollback()
        transaction.set_autocommit(True)


def test_nothing_is_recorded_inside_a_transaction_that_may_be_rolled_back(db: None) -> None:
    with pytest.raises(RuntimeError, match="transaction is open"), transaction.atomic():
        record_together([], using="default")
