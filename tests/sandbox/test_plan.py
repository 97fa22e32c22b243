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


def statuses(caller: Caller, *, calls: int) -> list[int]:
    return [caller.post(ECHO, MESSAGE).status for _ in range(calls)]


def test_a_fault_meets_a_share_of_the_requests(caller: Caller, sandbox: Sandbox) -> None:
    sandbox.faults.add("rate_limited", share=0.3, seed=1)
    assert 15 <= statuses(caller, calls=100).count(429) <= 45


def test_the_same_seed_meets_the_same_requests(caller: Caller, sandbox: Sandbox) -> None:
    rounds = []
    for seed in (7, 7, 8):
        sandbox.faults.clear()
        sandbox.faults.add("rate_limited", share=0.5, seed=seed)
        rounds.append(statuses(caller, calls=20))
    assert rounds[0] == rounds[1] != rounds[2]


def test_requests_that_a_share_leaves_out_meet_the_next_fault(
    caller: Caller, sandbox: Sandbox
) -> None:
    sandbox.faults.add("rate_limited", share=0.5, seed=1)
    sandbox.faults.add("no_auth")
    assert set(statuses(caller, calls=20)) == {429, 403}


def test_a_share_may_be_of_one_path_and_end(caller: Caller, sandbox: Sandbox) -> None:
    sandbox.faults.add("rate_limited", share=0.5, seed=1, path=ECHO, times=3)
    assert caller.cancel().status == 200
    assert statuses(caller, calls=30).count(429) == 3


@pytest.mark.parametrize("share", [0, -0.1, 1.1, float("nan")])
def test_a_share_that_is_none_is_a_mistake(sandbox: Sandbox, share: float) -> None:
    with pytest.raises(ValueError, match=r"Fault delay: share is .* and must be above 0"):
        sandbox.faults.add("delay", share=share)


@pytest.mark.parametrize("seconds", [-1, float("inf"), float("nan")])
def test_a_wait_that_cannot_be_is_a_mistake(sandbox: Sandbox, seconds: float) -> None:
    with pytest.raises(ValueError, match=r"Fault delay: seconds is .* and must be 0 or more"):
        sandbox.faults.add("delay", seconds=seconds)


def test_planned_faults_are_listed_until_they_are_used_up(caller: Caller, sandbox: Sandbox) -> None:
    sandbox.faults.add("rate_limited", times=1)
    sandbox.faults.add("no_auth", times=2)
    statuses(caller, calls=2)
    (left,) = sandbox.faults.planned()
    assert (left.fault.name, left.times) == ("no_auth", 1)


def test_one_fault_may_be_removed(caller: Caller, sandbox: Sandbox) -> None:
    number = sandbox.faults.add("rate_limited")
    sandbox.faults.add("no_auth")
    sandbox.faults.remove(number)
    assert caller.cancel().status == 403
    with pytest.raises(KeyError):
        sandbox.faults.remove(number)
