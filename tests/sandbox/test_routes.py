import pytest

from tests.sandbox.caller import CANCEL, CANCELLATION, ECHO, Caller
from wechat_subsidies.sandbox import Refund, Sandbox

REFUND = "/v3/ecommerce/refunds/id/3008"


def test_a_cancellation_is_echoed_with_its_result(caller: Caller) -> None:
    reply = caller.cancel()
    assert (reply.status, reply.content) == (200, CANCELLATION | {"result": "SUCCESS"})


def test_an_answer_names_no_refund_where_the_call_named_none(caller: Caller) -> None:
    assert "refund_id" not in caller.cancel(refund_id="-").content


def test_chinese_travels_unescaped(caller: Caller) -> None:
    assert "订单退款".encode() in caller.cancel().body


def test_an_answer_names_its_charset_as_wechat_pays_do(caller: Caller) -> None:
    replies = caller.cancel(), caller.post(ECHO, {})
    kinds = {(reply.status, reply.headers["Content-Type"]) for reply in replies}
    expected = "application/json; charset=utf-8"
    assert kinds == {(200, expected), (400, expected)}


def test_echo_answers_what_was_sent(caller: Caller) -> None:
    reply = caller.post(ECHO, {"echo_message": "你好"})
    assert (reply.status, reply.content) == (200, {"echo_message": "你好"})


def test_a_refund_is_described(caller: Caller, sandbox: Sandbox) -> None:
    refund = Refund(refund_id="3008", status="PROCESSING", amount=250)
    sandbox.add_order(sub_mchid="19", transaction_id="42", refunds=[refund])
    content = caller.send("GET", f"{REFUND}?sub_mchid=19").content
    assert (content["status"], content["transaction_id"]) == ("PROCESSING", "42")
    assert content["amount"]["refund"] == 250
    assert "success_time" not in content


def test_a_refund_that_succeeded_says_when(caller: Caller, sandbox: Sandbox) -> None:
    sandbox.add_order(sub_mchid="19", transaction_id="42", refunds=["3008"])
    assert "success_time" in caller.send("GET", f"{REFUND}?sub_mchid=19").content


def test_a_refund_number_may_be_percent_encoded(caller: Caller, sandbox: Sandbox) -> None:
    sandbox.add_order(sub_mchid="19", transaction_id="42", refunds=["30|08"])
    reply = caller.send("GET", "/v3/ecommerce/refunds/id/30%7C08?sub_mchid=19")
    assert reply.content["refund_id"] == "30|08"


@pytest.mark.parametrize("query", ["sub_mchid=20", "sub_mchid=19&sub_mchid=20"])
def test_a_refund_of_another_sub_merchant_does_not_exist(
    caller: Caller, sandbox: Sandbox, query: str
) -> None:
    sandbox.add_order(sub_mchid="19", transaction_id="42", refunds=["3008"])
    assert caller.send("GET", f"{REFUND}?{query}").refusal == (404, "RESOURCE_NOT_EXISTS")


def test_a_refund_that_is_not_there_does_not_exist(caller: Caller, sandbox: Sandbox) -> None:
    sandbox.add_order(sub_mchid="19", transaction_id="42", refunds=["3009"])
    reply = caller.send("GET", f"{REFUND}?sub_mchid=19")
    assert reply.refusal == (404, "RESOURCE_NOT_EXISTS")


def test_a_refund_is_not_found_without_its_sub_merchant(caller: Caller) -> None:
    reply = caller.send("GET", REFUND)
    assert (reply.refusal, reply.field) == ((400, "PARAM_ERROR"), "sub_mchid")


@pytest.mark.parametrize("path", ["/v3", "/_sandboxes", f"{CANCEL}/", f"{REFUND}/more"])
def test_an_unknown_path_does_not_exist(caller: Caller, path: str) -> None:
    assert caller.send("GET", path).refusal == (404, "RESOURCE_NOT_EXISTS")


def test_a_wrong_method_is_told_the_right_one(caller: Caller) -> None:
    reply = caller.send("GET", CANCEL)
    assert (reply.refusal, reply.headers["Allow"]) == ((405, "METHOD_NOT_ALLOWED"), "POST")


def test_an_answer_to_head_has_no_body_that_spoils_the_next_one(caller: Caller) -> None:
    connection = caller.connect()
    connection.request("HEAD", CANCEL)
    assert connection.getresponse().read() == b""
    connection.request("GET", CANCEL)
    assert connection.getresponse().status == 405
    connection.close()
