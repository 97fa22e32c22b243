from tests.sandbox.caller import Caller
from tests.sandbox.control.http import Control, get, send
from wechat_subsidies.sandbox import Sandbox


def test_the_sandboxs_own_requests_are_not_in_the_ledger(
    control: Control, sandbox: Sandbox
) -> None:
    control.get("ledger")
    get(sandbox.url, "/")
    assert sandbox.ledger == []


def test_the_sandboxs_own_requests_meet_no_fault(control: Control, sandbox: Sandbox) -> None:
    sandbox.faults.add("system_error", times=1)
    control.get("ledger")
    assert Caller(sandbox.merchant_settings()).cancel().status == 500


def test_an_answer_is_kept_nowhere(sandbox: Sandbox) -> None:
    assert get(sandbox.url, "/").headers["Cache-Control"] == "no-store"


def test_an_unknown_path_does_not_exist(sandbox: Sandbox) -> None:
    assert get(sandbox.url, "/_sandbox/nothing").refusal == (404, "RESOURCE_NOT_EXISTS")


def test_a_wrong_method_is_told_the_right_ones(control: Control) -> None:
    reply = control.send("PUT", "faults")
    assert (reply.status, reply.headers["Allow"]) == (405, "GET, POST, DELETE")


def test_a_body_is_bounded(sandbox: Sandbox) -> None:
    assert send(sandbox.url, "POST", "/_sandbox/reset", b" " * 65537).status == 413
