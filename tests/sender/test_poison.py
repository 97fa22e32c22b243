"""Answers that no database stores as they are, or that nobody can read: sent over HTTP, signed."""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from django.db import connection

from wechat_subsidies import services
from wechat_subsidies.models import SubsidyCancellation
from wechat_subsidies.sandbox import Sandbox, deliveries
from wechat_subsidies.sandbox.deliveries import Patience
from wechat_subsidies.sandbox.faults import FAULTS, Fault
from wechat_subsidies.sandbox.messages import Answer, Request
from wechat_subsidies.sandbox.wire import Wire

from .narrow_tables import three_byte_tables

Status = SubsidyCancellation.Status

WORDS = {
    "nul": "a\0b",
    "half_a_character": "a\ud800b",
    "emoji": "a🎉b",
    "ten_thousand_letters": "x" * 10_000,
    "line_breaks": "a\r\nb\u2028c\x1b[31m",
}
VALUES = {
    **WORDS,
    "nan": float("nan"),
    "infinity": -float("inf"),
    "huge_number": 10**400,
    "nested": [[[{"a": ["\0", "\ud800", "🎉"]}]]],
}
HEADERS = {
    "nul": "a\0b",
    "emoji": "a🎉b",
    "not_ascii": "\x80\xff",
    "ten_thousand_letters": "x" * 10_000,
    "empty": "",
    "control_characters": "a\tb\x1b[31m",
}

# Those of MariaDB and MySQL hold no emoji in tables of three bytes a character.
KINDS_OF_TABLES = ["tables as they are"]
if connection.vendor == "mysql":
    KINDS_OF_TABLES.append("three-byte tables")

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True, params=KINDS_OF_TABLES)
def tables(request: pytest.FixtureRequest, transactional_db: None) -> Iterator[None]:
    if request.param == "three-byte tables":
        with three_byte_tables():
            yield
    else:
        yield


@pytest.fixture
def poison(gateway: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Have the call for an order answered with these fields besides the right ones, or other headers.

    `status` None: it is carried out. `padding` is JSON for a field more, written as it is.
    """

    def plan(
        transaction_id: str,
        *,
        status: int | None = None,
        fields: dict[str, Any] | None = None,
        padding: bytes = b"0",
        headers: dict[str, str] | None = None,
    ) -> None:
        def change(answer: Answer, *, request: Request) -> Answer:
            content = (json.loads(answer.body) if status is None else {}) | (fields or {})
            body = json.dumps(content | {"padding": "?"}).encode()
            body = body.replace(b'"padding": "?"', b'"padding": ' + padding)
            return replace(answer, status=status or answer.status, body=body)

        def deliver(answer: Answer, *, wire: Wire, patience: Patience) -> None:
            all_headers = dict(answer.headers) | (headers or {})
            changed = replace(answer, headers=tuple(all_headers.items()))
            deliveries.at_once(changed, wire=wire, patience=patience)

        name = f"poison {transaction_id}"
        fault = Fault(name=name, meaning="", done=status is None, change=change, deliver=deliver)
        monkeypatch.setitem(FAULTS, name, fault)
        gateway.faults.add(name, transaction_id=transaction_id)

    return plan


def send_together(names: Iterable[str]) -> dict[str, SubsidyCancellation]:
    """Send the poisoned ones in one group, between two healthy ones; returns the poisoned rows.

    What became of the healthy ones is looked at first, and that nothing is sent again.
    """
    poisoned = list(names)
    for name in ["first", *poisoned, "last"]:
        services.cancel_subsidy(sub_mchid="1900013401", transaction_id=name, send="later")
    assert services.process_due().calls == len(poisoned) + 2
    rows = {row.transaction_id: row for row in SubsidyCancellation.objects.all()}
    for healthy in (rows.pop("first"), rows.pop("last")):
        assert healthy.status == Status.SUCCEEDED
        assert bytes(healthy.attempts.get().answer_body)
    assert services.process_due().calls == 0
    assert all(row.attempts.count() == 1 for row in rows.values())
    return rows


def assert_all_succeed(gateway: Sandbox, names: Iterable[str]) -> None:
    rows = send_together(names)
    wrong = {name: row.reason for name, row in rows.items() if row.status != Status.SUCCEEDED}
    assert wrong == {}
    for row in rows.values():
        assert (row.proof, row.in_doubt) == ("wechat", False)
        attempt = row.attempts.get()
        assert bytes(attempt.answer_body)  # and the words with it: nothing had to be left out
        assert "Wechatpay-Signature" in attempt.answer_headers
    assert all(call.carried_out for call in gateway.ledger)


def assert_all_are(rows: dict[str, SubsidyCancellation], status: str, reason: str) -> None:
    expected = dict.fromkeys(rows, (status, reason))
    assert {name: (row.status, row.reason) for name, row in rows.items()} == expected


def test_poison_beside_a_success_costs_nothing(gateway: Sandbox, poison) -> None:
    for name, value in VALUES.items():
        poison(name, fields={"message": value, "detail": value, "code": value})
    assert_all_succeed(gateway, VALUES)


def test_poison_in_the_words_of_a_success_costs_nothing(gateway: Sandbox, poison) -> None:
    for name, value in WORDS.items():
        poison(name, fields={"description": value, "refund_id": value})
    assert_all_succeed(gateway, WORDS)


@pytest.mark.parametrize("header", ["Request-ID", "Wechatpay-Note", f"Wechatpay-{'x' * 100}"])
def test_poison_in_a_header_costs_nothing(gateway: Sandbox, poison, header: str) -> None:
    for name, value in HEADERS.items():
        poison(name, headers={header: value})
    assert_all_succeed(gateway, HEADERS)


def test_a_refusal_in_poisoned_words_is_a_refusal(gateway: Sandbox, poison) -> None:
    for name, value in VALUES.items():
        fields = {"code": "PARAM_ERROR", "message": value, "detail": value}
        poison(name, status=400, fields=fields)
    rows = send_together(VALUES)
    assert_all_are(rows, Status.FAILED, "param_error")
    for name in WORDS:
        assert rows[name].error_message
        assert rows[name].attempts.get().error_message == rows[name].error_message


def test_a_poisoned_code_is_one_that_nobody_knows(gateway: Sandbox, poison) -> None:
    for name, value in VALUES.items():
        poison(name, status=400, fields={"code": value})
    rows = send_together(VALUES)
    assert_all_are(rows, Status.PENDING, "unforeseen_answer")
    assert all(row.in_doubt for row in rows.values())


@pytest.mark.parametrize(
    ("status", "levels", "reason"),
    [
        (None, 20_000, "malformed_answer"),
        (None, 100_000, "malformed_answer"),
        (400, 20_000, "unforeseen_answer"),
        (400, 100_000, "malformed_answer"),  # longer than any answer may be
    ],
)
def test_an_answer_nested_too_deeply_proves_nothing(
    gateway: Sandbox, poison, status: int | None, levels: int, reason: str
) -> None:
    nested = b"[" * levels + b"]" * levels
    poison("nested", status=status, fields={"code": "PARAM_ERROR"}, padding=nested)
    rows = send_together(["nested"])
    assert_all_are(rows, Status.PENDING, reason)
    assert rows["nested"].in_doubt
