from typing import Any

import pytest

from tests.sandbox.control.http import Control, send
from wechat_subsidies.sandbox import Sandbox


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"nam": "delay"}, "There is no 'nam'; did you mean name?"),
        ({"name": "delay", "zzz": 1}, "There is no 'zzz'; there is name, transaction_id"),
        ({}, "Missing: name."),
        ({"name": None}, "Missing: name."),
        ({"name": 1}, "name is 1 and must be str."),
        ({"name": "delay", "times": True}, "times is True and must be int."),
        ({"name": "delay", "seconds": "1"}, "seconds is '1' and must be int or float."),
        ({"name": "delay", "done": 1}, "done is 1 and must be bool."),
        ([], "The body is JSON, but not an object."),
    ],
)
def test_what_is_wrong_with_a_body_is_said(control: Control, content: Any, words: str) -> None:
    status, message = control.refused("POST", "faults", content)
    assert status == 400
    assert message.startswith(words)


def test_what_is_null_is_as_if_it_were_not_there(control: Control, sandbox: Sandbox) -> None:
    assert control.send("POST", "faults", {"name": "delay", "times": None}).status == 201
    assert sandbox.faults.planned()[0].times is None


@pytest.mark.parametrize("body", [b"{", b"\xff", b"[" * 60_000])
def test_a_body_that_is_no_json_is_refused(sandbox: Sandbox, body: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    reply = send(sandbox.url, "POST", "/_sandbox/faults", body, headers=headers)
    assert reply.refusal == (400, "PARAM_ERROR")
    assert "not well-formed JSON" in reply.content["message"]


def test_a_form_of_another_site_is_refused(sandbox: Sandbox) -> None:
    headers = {"Content-Type": "text/plain"}
    reply = send(sandbox.url, "POST", "/_sandbox/faults", b'{"name": "delay"}', headers=headers)
    assert (reply.status, "Content-Type" in reply.content["message"]) == (400, True)
    assert sandbox.faults.planned() == []


@pytest.mark.parametrize("refund", [1, {}, {"amount": 3}])
def test_a_refund_that_is_none_is_refused(control: Control, refund: Any) -> None:
    order = {"sub_mchid": "19", "transaction_id": "42", "refunds": [refund]}
    status, message = control.refused("POST", "orders", order)
    assert (status, message.startswith("refunds holds refund ids")) == (400, True)


def test_a_refunds_status_must_be_one_that_there_is(control: Control) -> None:
    refund = {"refund_id": "3008", "status": "LOST"}
    order = {"sub_mchid": "19", "transaction_id": "42", "refunds": [refund]}
    assert control.refused("POST", "orders", order) == (
        400,
        "Refund 3008: status 'LOST', not one of SUCCESS, CLOSED, PROCESSING, ABNORMAL.",
    )
