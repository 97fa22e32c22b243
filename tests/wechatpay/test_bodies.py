import json

import pytest

from wechat_subsidies.wechatpay import MalformedAnswer, RateLimited, ServerError, bodies
from wechat_subsidies.wechatpay.bodies import api_error, object_in, parse_object

from .samples import answer_of
from .servers import as_json


def nested(levels: int) -> bytes:
    return b'{"a":' * (levels - 1) + b"{}" + b"}" * (levels - 1)


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>", b"[]", b'"a"', b"1", b"null", b'{"a":', b'{"a":"\xff"}', b"\xef\xbb\xbf{}"],
)
def test_only_an_object_in_utf8_can_be_read(body: bytes) -> None:
    with pytest.raises(MalformedAnswer, match="no JSON object that can be read") as refused:
        object_in(answer_of(body))
    assert refused.value.outcome_known is False


@pytest.mark.parametrize("body", [nested(33), b'{"a":' * 10_000, b"[" * 60_000, nested(10_000)])
def test_nesting_has_an_end(body: bytes) -> None:
    with pytest.raises(ValueError):
        parse_object(body)


def test_nesting_up_to_the_limit_is_read() -> None:
    assert parse_object(nested(32))


@pytest.mark.parametrize("siblings", [b"", b"[], " * 40, b"{}, " * 40])
def test_siblings_are_no_levels(siblings: bytes) -> None:
    assert parse_object(b'{"a": [' + siblings + nested(30) + b"]}")
    with pytest.raises(ValueError, match="nested too deeply"):
        parse_object(b'{"a": [' + siblings + nested(31) + b"]}")


@pytest.mark.parametrize(
    "text", ["[" * 40, '\\"' + "[" * 40, "]" * 40 + "{" * 40 + "\\\\", '\\\\\\"' + "[" * 40]
)
def test_brackets_in_text_are_no_levels(text: str) -> None:
    body = f'{{"a": "{text}", "b": [["{text}"]]}}'.encode()
    assert parse_object(body) == json.loads(body)


@pytest.mark.parametrize(
    "text", ['"' + '\\"' * 30_000, '"' + '\\"' * 30_000 + "\\", '"a" ' * 15_000]
)
def test_hostile_text_is_gone_through_once(text: str) -> None:
    with pytest.raises(ValueError, match=r"Unterminated|Invalid|Expecting|Extra data"):
        parse_object(f"{'[]' * 40}{text}".encode())


def test_nothing_is_parsed_as_deep_as_the_interpreter_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "json", None)  # what ran down there would fail for others
    with pytest.raises(ValueError, match="nested too deeply"):
        parse_object(nested(33))


def test_of_a_key_given_twice_the_last_wins() -> None:
    assert parse_object(b'{"a":1,"a":2}') == {"a": 2}


def test_numbers_that_json_cannot_write_again_become_text() -> None:
    fields = parse_object(b'{"a":NaN,"b":-Infinity,"c":1e999,"d":1.50}')
    assert fields == {"a": "NaN", "b": "-Infinity", "c": "1e999", "d": "1.50"}
    assert json.loads(json.dumps(fields, allow_nan=False)) == fields


def test_an_integer_beyond_reason_is_malformed() -> None:
    with pytest.raises(ValueError):
        parse_object(b'{"a":' + b"9" * 5000 + b"}")


def test_an_error_carries_what_wechat_pay_said() -> None:
    detail = {"field": "/description", "value": 5, "issue": "too long", "location": "body"}
    body = as_json(code="FREQUENCY_LIMITED", message="频率限制", detail=detail)
    error = api_error(answer_of(body, status=429))
    assert isinstance(error, RateLimited)
    assert (error.code, error.message, error.detail) == ("FREQUENCY_LIMITED", "频率限制", detail)


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>Bad Gateway</html>", b"[]", as_json(code=5, message={"a": 1}), b"\xff\xfe"],
)
def test_an_error_without_the_documented_body_has_no_code(body: bytes) -> None:
    error = api_error(answer_of(body, status=502))
    assert isinstance(error, ServerError)
    assert (error.code, error.message) == (None, None)
