import pytest

from tests.sandbox.caller import CANCEL, CANCELLATION, ECHO, Caller
from wechat_subsidies.sandbox import Sandbox

MESSAGE = {"echo_message": "hello"}


def test_a_fault_meets_as_many_requests_as_planned(caller: Caller, sandbox: Sandbox) -> None:
    sandbox.faults.add("rate_limited", times=2)
    assert [caller.cancel().status for _ in range(3)] == [429, 429, 200]


def test_a_fault_meets_every_request_by_default(caller: Caller, sandbox: Sandbox) -> None:
    sandbox.faults.add("rate_limited")
    assert [caller.cancel().status for _ in range(3)] == [429, 429, 429]


def test_a_fault_meets_one_order(caller: Caller, sandbox: Sandbox) -> None:
    sandbox.faults.add("rate_limited", transaction_id="2")
    assert [caller.cancel(transaction_id=order).status for order in "123"] == [200, 429, 200]


def test_a_fault_meets_one_path(caller: Caller, sandbox: Sandbox) -> None:
    sandbox.faults.add("rate_limited", path=ECHO)
    assert (caller.cancel().status, caller.post(ECHO, MESSAGE).status) == (200, 429)


def test_faults_are_met_in_the_order_of_planning(caller: Caller, sandbox: Sandbox) -> None:
    sandbox.faults.add("rate_limited", times=1)
    sandbox.faults.add("no_auth")
    assert [caller.cancel().status for _ in range(3)] == [429, 403, 403]


def test_a_fault_of_an_order_goes_before_those_of_all(caller: Caller, sandbox: Sandbox) -> None:
    sandbox.faults.add("no_auth")
    sandbox.faults.add("rate_limited", transaction_id="2")
    assert caller.cancel(transaction_id="2").status == 429


def test_a_request_that_is_refused_uses_no_fault_up(caller: Caller, sandbox: Sandbox) -> None:
    sandbox.faults.add("rate_limited", times=1)
    assert caller.post(CANCEL, CANCELLATION, signature="AAAA").status == 401
    assert caller.cancel().status == 429


def test_cleared_faults_are_gone(caller: Caller, sandbox: Sandbox) -> None:
    sandbox.faults.add("rate_limited")
    sandbox.faults.clear()
    assert caller.cancel().status == 200


def test_an_unknown_fault_is_told_the_known_ones(sandbox: Sandbox) -> None:
    with pytest.raises(ValueError, match="no fault 'dely'; there is delay, hang"):
        sandbox.faults.add("dely")


def test_a_fault_that_meets_nobody_is_a_mistake(sandbox: Sandbox) -> None:
    with pytest.raises(ValueError, match="Fault delay: times is 0 and must be 1 or more"):
        sandbox.faults.add("delay", times=0)
