import time

import pytest

from tests.sandbox.caller import CANCEL, CANCELLATION, ECHO, Caller, Reply
from wechat_subsidies.sandbox import Sandbox

MESSAGE = {"echo_message": "hello"}


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("User-Agent", ""),
        ("Accept", None),
        ("Accept", "text/html"),
        ("Content-Type", None),
        ("Content-Type", "text/plain"),
    ],
)
def test_a_header_is_missing_or_wrong(caller: Caller, header: str, value: str | None) -> None:
    reply = caller.post(ECHO, MESSAGE, headers={header: value})
    assert (reply.refusal, reply.field) == ((400, "PARAM_ERROR"), header)
    assert reply.content["detail"]["location"] == "header"


@pytest.mark.parametrize("value", ["*/*", "text/html, application/json;q=0.9"])
def test_other_ways_to_accept_json_are_accepted(caller: Caller, value: str) -> None:
    assert caller.post(ECHO, MESSAGE, headers={"Accept": value}).status == 200


def test_a_content_type_may_name_its_charset(caller: Caller) -> None:
    headers = {"Content-Type": "application/json; charset=utf-8"}
    assert caller.post(ECHO, MESSAGE, headers=headers).status == 200


def test_a_get_needs_no_content_type(caller: Caller) -> None:
    target = "/v3/ecommerce/refunds/id/1?sub_mchid=2"
    reply = caller.send("GET", target, headers={"Content-Type": None})
    assert reply.refusal == (404, "RESOURCE_NOT_EXISTS")


def test_the_answer_cannot_be_signed_with_a_key_that_there_is_not(
    caller: Caller, sandbox: Sandbox
) -> None:
    reply = caller.post(ECHO, MESSAGE, headers={"Wechatpay-Serial": "PUB_KEY_ID_1"})
    assert (reply.refusal, reply.field) == ((400, "PARAM_ERROR"), "Wechatpay-Serial")
    assert sandbox.merchant_settings()["WECHATPAY_PUBLIC_KEY_ID"] in reply.content["message"]


def test_a_caller_need_not_name_the_key_of_the_answer(caller: Caller) -> None:
    reply = caller.post(ECHO, MESSAGE, headers={"Wechatpay-Serial": None})
    assert reply.status == 200
    assert caller.trusts(reply)


def test_a_body_is_bounded(caller: Caller) -> None:
    reply = caller.post(ECHO, {"echo_message": "x" * 64 * 1024})
    assert reply.refusal == (413, "PARAM_ERROR")


def sign_error(reply: Reply, field: str, issue: str) -> bool:
    return (
        reply.refusal == (401, "SIGN_ERROR")
        and reply.content["detail"]["location"] == "authorization"
        and reply.field == field
        and issue in reply.content["detail"]["issue"]
    )


@pytest.mark.parametrize(
    ("header", "issue"),
    [
        (None, "the scheme is ''"),
        ("Bearer abc", "the scheme is 'Bearer'"),
        ("WECHATPAY2-SHA256-RSA2048 mchid=1", "'mchid=1' is not of the form"),
        ('WECHATPAY2-SHA256-RSA2048 mchid="1",serial_no=""', "missing or empty: nonce_str"),
    ],
)
def test_an_authorization_that_cannot_be_read(
    caller: Caller, header: str | None, issue: str
) -> None:
    reply = caller.post(ECHO, MESSAGE, headers={"Authorization": header})
    assert sign_error(reply, "authorization", issue)


def test_an_unknown_merchant(caller: Caller) -> None:
    reply = caller.post(ECHO, MESSAGE, mchid="1900000099")
    assert sign_error(reply, "mchid", "no merchant 1900000099; there is 1900000001")


def test_a_serial_that_is_not_the_merchants(caller: Caller) -> None:
    reply = caller.post(ECHO, MESSAGE, serial_no="ABCD")
    assert sign_error(reply, "serial_no", "has no certificate ABCD")


@pytest.mark.parametrize("written", ["{}", "00{}"])
def test_a_serial_may_be_written_as_libraries_write_it(caller: Caller, written: str) -> None:
    serial_no = written.format(caller.settings["MERCHANT_SERIAL_NO"].lower())
    assert caller.post(ECHO, MESSAGE, serial_no=serial_no).status == 200


@pytest.mark.parametrize(("seconds", "issue"), [(-310, "s behind"), (310, "s ahead")])
def test_a_clock_that_is_minutes_away(caller: Caller, seconds: int, issue: str) -> None:
    reply = caller.post(ECHO, MESSAGE, timestamp=str(int(time.time()) + seconds))
    assert sign_error(reply, "timestamp", issue)


@pytest.mark.parametrize("seconds", [-290, 290])
def test_a_clock_that_is_almost_right(caller: Caller, seconds: int) -> None:
    assert caller.post(ECHO, MESSAGE, timestamp=str(int(time.time()) + seconds)).status == 200


@pytest.mark.parametrize("timestamp", ["now", "-1", "9" * 5000])
def test_a_timestamp_that_is_no_number_of_seconds(caller: Caller, timestamp: str) -> None:
    reply = caller.post(ECHO, MESSAGE, timestamp=timestamp)
    assert sign_error(reply, "timestamp", "is not a number of unix seconds")


def test_a_nonce_that_is_too_long(caller: Caller) -> None:
    reply = caller.post(ECHO, MESSAGE, nonce_str="a" * 33)
    assert sign_error(reply, "nonce_str", "longer than 32")


@pytest.mark.parametrize("signature", ["AAAA", "not base64", "é"])
def test_a_signature_that_does_not_hold_is_told_what_was_signed(
    caller: Caller, signature: str
) -> None:
    reply = caller.post(ECHO, MESSAGE, signature=signature)
    assert sign_error(reply, "signature", "does not hold")
    signed = reply.content["detail"]["sign_information"]
    assert signed["truncated_sign_message"].startswith(f"POST\n{ECHO}\n")


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param(("PUT", CANCEL, b"{}"), id="method"),
        pytest.param(("POST", f"{CANCEL}?a=1", b"{}"), id="query"),
        pytest.param(("POST", CANCEL, b"{ }"), id="body"),
    ],
)
def test_a_signature_of_something_else_does_not_hold(
    caller: Caller, headers: tuple[str, str, bytes]
) -> None:
    authorization = {"Authorization": caller.authorization(*headers)}
    reply = caller.send("POST", CANCEL, b"{}", headers=authorization)
    assert sign_error(reply, "signature", "does not hold")


def test_a_refused_caller_does_nothing(caller: Caller, sandbox: Sandbox) -> None:
    caller.post(CANCEL, CANCELLATION, signature="AAAA")
    (call,) = sandbox.ledger
    assert (call.mchid, call.carried_out, call.code) == (None, False, "SIGN_ERROR")
