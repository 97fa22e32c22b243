"""How often may be called: by a clock of the test's own, and over the wire."""

import json

import pytest

from tests.sandbox.caller import CANCEL, CANCELLATION, ECHO, Caller
from wechat_subsidies.sandbox import Sandbox
from wechat_subsidies.sandbox.limits import RateLimits
from wechat_subsidies.sandbox.messages import RefusalError


class Calls:
    """Calls at moments of the test's choosing, in seconds."""

    def __init__(self) -> None:
        self.now = 0.0
        self.limits = RateLimits(enabled=True, clock=lambda: self.now)

    def at(
        self, now: float, *, mchid: str = "1", sub_mchid: str = "2", order: str | None = None
    ) -> str:
        """The code of the refusal, "" if the call was let through."""
        self.now = now
        try:
            self.limits.take(mchid=mchid, api=CANCEL, sub_mchid=sub_mchid, transaction_id=order)
        except RefusalError as refusal:
            return str(json.loads(refusal.answer.body)["code"])
        return ""


def test_a_caller_has_200_calls_in_any_second() -> None:
    calls = Calls()
    spread = [calls.at(n / 512, sub_mchid=str(n)) for n in range(200)]
    assert set(spread) == {""}
    assert calls.at(0.999, sub_mchid="x") == "RATELIMIT_EXCEEDED"
    assert calls.at(1.0, sub_mchid="x") == ""
    assert calls.at(1.0, sub_mchid="x") == "RATELIMIT_EXCEEDED"
    assert calls.at(1 + 1 / 512, sub_mchid="x") == ""


def test_each_caller_has_its_own_200() -> None:
    calls = Calls()
    for n in range(200):
        calls.at(0, sub_mchid=str(n))
    assert calls.at(0, sub_mchid="x") == "RATELIMIT_EXCEEDED"
    assert calls.at(0, sub_mchid="x", mchid="3") == ""


def test_a_sub_merchant_has_200_calls_over_all_callers() -> None:
    calls = Calls()
    assert {calls.at(0, mchid=str(n % 2)) for n in range(200)} == {""}
    assert calls.at(0, mchid="3") == "RATELIMIT_EXCEEDED"


def test_an_order_has_one_call_in_any_second() -> None:
    calls = Calls()
    moments = [0.0, 0.5, 0.999, 1.0, 1.999, 2.0]
    codes = [calls.at(now, order="42") for now in moments]
    assert codes == ["", "FREQUENCY_LIMITED", "FREQUENCY_LIMITED", "", "FREQUENCY_LIMITED", ""]
    assert calls.at(2.0, order="43") == ""


def test_a_refused_call_counts_for_nobody() -> None:
    calls = Calls()
    calls.limits.set(per_caller=2)
    assert [calls.at(0, order="42"), calls.at(0.1, order="42")] == ["", "FREQUENCY_LIMITED"]
    assert [calls.at(0.2, order="43"), calls.at(0.3, order="44")] == ["", "RATELIMIT_EXCEEDED"]


def test_nothing_is_kept_of_calls_that_count_no_more() -> None:
    calls = Calls()
    for n in range(1000):
        calls.at(n, order=str(n))
    assert len(calls.limits._calls) == 3
    assert len(calls.limits._counts) == 3


@pytest.fixture
def limited(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    """Limits are on, and time stands still for them."""
    monkeypatch.setattr(sandbox.rate_limits, "_clock", lambda: 0.0)
    sandbox.rate_limits.set(enabled=True)
    return sandbox


def test_a_sandbox_is_patient_by_default(caller: Caller) -> None:
    assert [caller.cancel().status for _ in range(3)] == [200, 200, 200]


@pytest.mark.usefixtures("limited")
def test_a_second_call_for_an_order_comes_too_soon(caller: Caller) -> None:
    assert caller.cancel().status == 200
    reply = caller.cancel()
    assert reply.refusal == (429, "FREQUENCY_LIMITED")
    assert f"order {CANCELLATION['transaction_id']}: 1 a second" in reply.content["message"]
    assert caller.trusts(reply)


def test_a_limited_call_is_in_the_ledger_with_its_caller(caller: Caller, limited: Sandbox) -> None:
    caller.cancel()
    caller.cancel()
    call = limited.ledger[1]
    assert (call.mchid, call.status, call.code) == ("1900000001", 429, "FREQUENCY_LIMITED")
    assert (call.fault, call.carried_out) == (None, False)


def test_a_limited_call_meets_no_fault(caller: Caller, limited: Sandbox) -> None:
    caller.cancel()
    limited.faults.add("no_auth", times=1)
    assert caller.cancel().status == 429
    assert caller.cancel(transaction_id="other").status == 403


@pytest.mark.usefixtures("limited")
def test_a_call_with_a_bad_signature_counts_for_nobody(caller: Caller) -> None:
    caller.post(CANCEL, CANCELLATION, signature="AAAA")
    assert caller.cancel().status == 200


def test_each_api_has_its_own_limit(caller: Caller, limited: Sandbox) -> None:
    limited.rate_limits.set(per_caller=1)
    message = {"echo_message": "hello"}
    assert [caller.cancel().status, caller.post(ECHO, message).status] == [200, 200]
    assert caller.post(ECHO, message).refusal == (429, "RATELIMIT_EXCEEDED")


def test_limits_may_be_on_from_the_start_and_are_again_after_a_reset() -> None:
    sandbox = Sandbox(rate_limits=True)
    sandbox.rate_limits.set(enabled=False, per_order=5)
    sandbox.reset()
    assert (sandbox.rate_limits.enabled, sandbox.rate_limits.per_order) == (True, 1)


def test_a_reset_forgets_calls(caller: Caller, limited: Sandbox) -> None:
    caller.cancel()
    limited.reset()
    limited.rate_limits.set(enabled=True)
    assert caller.cancel().status == 200


def test_a_limit_below_one_is_a_mistake_and_changes_nothing(sandbox: Sandbox) -> None:
    with pytest.raises(ValueError, match="per_order is 0 calls a second and must be 1 or more"):
        sandbox.rate_limits.set(per_caller=5, per_order=0)
    assert sandbox.rate_limits.per_caller == 200
