from typing import Any

import pytest

from tests.sandbox.caller import CANCEL, CANCELLATION, Caller


@pytest.mark.parametrize("field", ["sub_mchid", "transaction_id", "description"])
def test_a_required_field_is_missed(caller: Caller, field: str) -> None:
    reply = caller.cancel(**{field: "-"})
    assert (reply.refusal, reply.field) == ((400, "PARAM_ERROR"), f"/{field}")
    assert reply.content["detail"]["issue"] == "is required"


def test_an_unknown_field_is_refused(caller: Caller) -> None:
    reply = caller.cancel(out_refund_no="1")
    assert (reply.refusal, reply.field) == ((400, "PARAM_ERROR"), "/out_refund_no")
    assert reply.content["detail"]["issue"] == "is not a field of this API"


@pytest.mark.parametrize(
    ("value", "issue"),
    [
        (None, "is null; leave the key out"),
        ("", "is empty"),
        (42, "is int"),
        (["42"], "is list"),
        ("退款🧧", "beyond U+FFFF"),
    ],
)
@pytest.mark.parametrize("field", CANCELLATION)
def test_a_value_that_is_no_plain_text_is_refused(
    caller: Caller, field: str, value: Any, issue: str
) -> None:
    reply = caller.cancel(**{field: value})
    assert (reply.refusal, reply.field) == ((400, "PARAM_ERROR"), f"/{field}")
    assert issue in reply.content["detail"]["issue"]


LENGTHS = {"sub_mchid": 32, "transaction_id": 64, "refund_id": 64, "description": 80}


@pytest.mark.parametrize(("field", "length"), LENGTHS.items())
def test_a_field_may_be_as_long_as_documented(caller: Caller, field: str, length: int) -> None:
    assert caller.cancel(**{field: "9" * length}).status == 200


@pytest.mark.parametrize(("field", "length"), LENGTHS.items())
def test_a_field_may_be_no_longer_than_documented(caller: Caller, field: str, length: int) -> None:
    reply = caller.cancel(**{field: "9" * (length + 1)})
    assert (reply.refusal, reply.field) == ((400, "PARAM_ERROR"), f"/{field}")
    assert f"has {length + 1} characters" in reply.content["detail"]["issue"]


def test_lengths_are_counted_in_characters(caller: Caller) -> None:
    assert caller.cancel(description="退" * 80).status == 200


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"\xff", b'{"sub_mchid": NaN}', b'{"a":' * 20_000, b"\xef\xbb\xbf{}"],
    ids=["empty", "cut", "not UTF-8", "NaN", "deep", "byte order mark"],
)
def test_a_body_that_is_no_json_is_refused(caller: Caller, body: bytes) -> None:
    reply = caller.send("POST", CANCEL, body[:60_000])
    assert (reply.refusal, reply.field) == ((400, "PARAM_ERROR"), "/")
    assert "not well-formed JSON" in reply.content["message"]


def test_a_body_that_is_no_object_is_refused(caller: Caller) -> None:
    reply = caller.post(CANCEL, ["4208"])
    assert (reply.refusal, reply.field) == ((400, "PARAM_ERROR"), "/")
    assert "not an object" in reply.content["message"]


@pytest.mark.parametrize("body", [rb'{"\ud800": "1"}', rb'{"sub_mchid": ["\ud800"]}'])
def test_half_a_character_is_answered_in_utf_8(caller: Caller, body: bytes) -> None:
    assert caller.send("POST", CANCEL, body).refusal == (400, "PARAM_ERROR")
