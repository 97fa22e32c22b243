"""What a caller sees of each fault, and whether the work was done."""

import time
from collections.abc import Iterable

import pytest

from tests.sandbox.caller import CANCEL, CANCELLATION, ECHO, ORDER, Caller
from wechat_subsidies.sandbox import Sandbox
from wechat_subsidies.sandbox.faults import FAULTS

NOTHING_DONE = {
    "param_error": (400, "PARAM_ERROR"),
    "invalid_request": (400, "INVALID_REQUEST"),
    "unknown_code": (400, "SOMETHING_NEW"),
    "sign_error": (401, "SIGN_ERROR"),
    "no_auth": (403, "NO_AUTH"),
    "rate_limited": (429, "FREQUENCY_LIMITED"),
    "system_error": (500, "SYSTEM_ERROR"),
}
STILL_DONE = (
    "unsigned",
    "bad_signature",
    "signtest",
    "stale",
    "foreign_key",
    "other_order",
    "oversized",
    "not_json",
)
UNTRUSTED = ("bad_signature", "signtest", "foreign_key")


@pytest.mark.parametrize(("fault", "refusal"), NOTHING_DONE.items())
def test_an_error_on_demand_is_signed_and_nothing_is_done(
    caller: Caller, sandbox: Sandbox, fault: str, refusal: tuple[int, str]
) -> None:
    sandbox.faults.add(fault)
    reply = caller.cancel()
    assert reply.refusal == refusal
    assert caller.trusts(reply)
    assert not sandbox.is_cancelled(**ORDER)
    assert (sandbox.ledger[0].fault, sandbox.ledger[0].code) == (fault, refusal[1])


@pytest.mark.parametrize("fault", STILL_DONE)
def test_a_bad_answer_on_demand_comes_after_the_work(
    caller: Caller, sandbox: Sandbox, fault: str
) -> None:
    sandbox.faults.add(fault)
    reply = caller.cancel()
    assert reply.status == 200
    assert "Request-ID" in reply.headers
    assert sandbox.is_cancelled(**ORDER)
    assert (sandbox.ledger[0].fault, sandbox.ledger[0].carried_out) == (fault, True)


@pytest.mark.parametrize("fault", UNTRUSTED)
def test_a_signature_that_must_not_be_trusted(caller: Caller, sandbox: Sandbox, fault: str) -> None:
    sandbox.faults.add(fault)
    reply = caller.cancel()
    assert reply.content["result"] == "SUCCESS"
    assert not caller.trusts(reply)


def test_an_unsigned_answer_has_no_wechatpay_header(caller: Caller, sandbox: Sandbox) -> None:
    sandbox.faults.add("unsigned")
    assert not wechatpay_headers(caller.cancel().headers)


def test_a_foreign_key_is_named_as_such(caller: Caller, sandbox: Sandbox) -> None:
    sandbox.faults.add("foreign_key")
    serial = caller.cancel().headers["Wechatpay-Serial"]
    assert serial.startswith("PUB_KEY_ID_")
    assert serial != caller.settings["WECHATPAY_PUBLIC_KEY_ID"]


def test_a_probe_is_marked(caller: Caller, sandbox: Sandbox) -> None:
    sandbox.faults.add("signtest")
    signature = caller.cancel().headers["Wechatpay-Signature"]
    assert signature.startswith("WECHATPAY/SIGNTEST/")


def test_a_stale_answer_is_correctly_signed_ten_minutes_ago(
    caller: Caller, sandbox: Sandbox
) -> None:
    sandbox.faults.add("stale")
    reply = caller.cancel()
    assert caller.trusts(reply)
    assert 500 < time.time() - int(reply.headers["Wechatpay-Timestamp"]) < 700


def test_an_answer_about_another_order_is_correctly_signed(
    caller: Caller, sandbox: Sandbox
) -> None:
    sandbox.faults.add("other_order")
    reply = caller.cancel()
    assert caller.trusts(reply)
    assert reply.content["transaction_id"] not in ("", CANCELLATION["transaction_id"])
    assert reply.content["result"] == "SUCCESS"


def test_an_oversized_answer_is_correctly_signed(caller: Caller, sandbox: Sandbox) -> None:
    sandbox.faults.add("oversized")
    reply = caller.cancel()
    assert caller.trusts(reply)
    assert len(reply.body) > 4 * 1024 * 1024


def test_an_answer_that_is_no_json_is_correctly_signed(caller: Caller, sandbox: Sandbox) -> None:
    sandbox.faults.add("not_json")
    reply = caller.cancel()
    assert caller.trusts(reply)
    with pytest.raises(ValueError, match="Expecting value"):
        _ = reply.content


def test_a_fail_comes_with_200_and_nothing_is_done(caller: Caller, sandbox: Sandbox) -> None:
    sandbox.faults.add("fail_result")
    reply = caller.cancel()
    assert (reply.status, reply.content) == (200, CANCELLATION | {"result": "FAIL"})
    assert caller.trusts(reply)
    assert not sandbox.is_cancelled(**ORDER)


def test_accepted_is_a_signed_202_without_a_body(caller: Caller, sandbox: Sandbox) -> None:
    sandbox.faults.add("accepted")
    reply = caller.cancel()
    assert (reply.status, reply.body) == (202, b"")
    assert caller.trusts(reply)
    assert not sandbox.is_cancelled(**ORDER)


def test_a_redirect_is_unsigned(caller: Caller, sandbox: Sandbox) -> None:
    sandbox.faults.add("redirect")
    reply = caller.cancel()
    assert (reply.status, reply.headers["Location"]) == (302, "/v3/elsewhere")
    assert not wechatpay_headers(reply.headers)
    assert not sandbox.is_cancelled(**ORDER)


def test_a_bad_gateway_is_unsigned_html(caller: Caller, sandbox: Sandbox) -> None:
    sandbox.faults.add("bad_gateway")
    reply = caller.cancel()
    assert (reply.status, reply.headers["Content-Type"]) == (502, "text/html")
    assert not wechatpay_headers(reply.headers)
    assert not sandbox.is_cancelled(**ORDER)


def test_the_work_may_be_done_under_a_fault_that_leaves_it(
    caller: Caller, sandbox: Sandbox
) -> None:
    sandbox.faults.add("system_error", done=True)
    assert caller.cancel().refusal == (500, "SYSTEM_ERROR")
    assert sandbox.is_cancelled(**ORDER)


@pytest.mark.parametrize("fault", ["stale", "other_order", "oversized"])
def test_the_work_may_be_left_under_a_fault_that_does_it(
    caller: Caller, sandbox: Sandbox, fault: str
) -> None:
    sandbox.faults.add(fault, done=False)
    assert caller.cancel().refusal == (500, "SYSTEM_ERROR")
    assert not sandbox.is_cancelled(**ORDER)


def test_a_fault_meets_other_apis_too(caller: Caller, sandbox: Sandbox) -> None:
    sandbox.faults.add("no_auth")
    assert caller.post(ECHO, {"echo_message": "hello"}).refusal == (403, "NO_AUTH")


def test_a_bad_answer_about_a_refused_call_says_that_it_was_refused(
    caller: Caller, sandbox: Sandbox
) -> None:
    sandbox.faults.add("unsigned")
    assert caller.post(CANCEL, {}).refusal == (400, "PARAM_ERROR")


def test_every_fault_says_what_it_means() -> None:
    assert all(fault.meaning for fault in FAULTS.values())


def wechatpay_headers(headers: Iterable[str]) -> list[str]:
    return [name for name in headers if name.startswith("Wechatpay-")]
