"""What recording costs: statements, apart from those that begin, end or subdivide a transaction."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from django.db import connection
from django.db.backends.signals import connection_created

from wechat_subsidies import services
from wechat_subsidies.models import SubsidyCancellation
from wechat_subsidies.sandbox import Sandbox
from wechat_subsidies.sender import announcing, lanes, sending
from wechat_subsidies.sender.calling import Call, calls_for
from wechat_subsidies.sender.claiming import Claim

MANY = 400

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def on_time(gateway: Sandbox, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """No call misses its slot; and no orders and receivers, whose statements are the shop's own."""

    def unhurried(claim: Claim) -> list[Call]:
        return calls_for(replace(claim, deadline=replace(claim.deadline, slot=None)))

    monkeypatch.setattr(lanes, "calls_for", unhurried)
    for signal in announcing.SIGNALS.values():
        monkeypatch.setattr(signal, "receivers", [])
    settings.WECHAT_SUBSIDIES = {"MERCHANTS": {"default": gateway.merchant_settings()}}


@contextmanager
def counted() -> Iterator[list[str]]:
    """The statements meanwhile, on this connection and on those that threads open."""
    statements: list[str] = []

    def note(execute: Callable[..., Any], sql: str, *how: Any) -> Any:
        if sql.split(None, 1)[0] in {"SELECT", "INSERT", "UPDATE", "DELETE"}:
            statements.append(sql)
        return execute(sql, *how)

    def note_on(connection: Any, **kwargs: Any) -> None:
        connection.execute_wrappers.append(note)

    connection_created.connect(note_on)
    try:
        with connection.execute_wrapper(note):
            yield statements
    finally:
        connection_created.disconnect(note_on)


def test_one_that_is_sent_at_once_takes_twelve_statements() -> None:
    services.cancel_subsidy(sub_mchid="1900013401", transaction_id="first")  # has its pace made
    with counted() as statements:
        cancellation = services.cancel_subsidy(sub_mchid="1900013401", transaction_id="T1")
    assert cancellation.status == "succeeded"
    assert cancellation.announce_after is None
    assert len(statements) <= 12, "\n".join(statements)


def test_in_a_large_run_without_faults_three_cancellations_share_a_statement(
    gateway: Sandbox, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "GATHERING", 60.0)  # on a busy machine few answers come together
    merchant = gateway.merchant_settings() | {"RATE_LIMIT": None}
    settings.WECHAT_SUBSIDIES = {"MERCHANTS": {"default": merchant}}
    for number in range(MANY):
        services.cancel_subsidy(sub_mchid="1900013401", transaction_id=f"T{number}", send="later")
    with counted() as statements:
        services.process_due()
    assert SubsidyCancellation.objects.filter(status="succeeded").count() == MANY
    assert len(statements) <= 0.3 * MANY
