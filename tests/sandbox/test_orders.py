import pytest

from tests.sandbox.caller import ORDER, Caller
from wechat_subsidies.sandbox import Refund, Sandbox
from wechat_subsidies.sandbox.orders import RefundStatus


def test_an_unknown_order_is_cancelled_on_first_sight(caller: Caller, sandbox: Sandbox) -> None:
    assert not sandbox.is_cancelled(**ORDER)
    assert caller.cancel().status == 200
    assert sandbox.is_cancelled(**ORDER)


def test_an_unknown_order_does_not_exist_where_none_are_created(
    caller: Caller, sandbox: Sandbox
) -> None:
    sandbox.create_orders = False
    assert caller.cancel().refusal == (404, "ORDER_NOT_EXIST")


def test_orders_that_were_added_exist_where_none_are_created(
    caller: Caller, sandbox: Sandbox
) -> None:
    sandbox.create_orders = False
    sandbox.add_order(**ORDER, refunded=True)
    assert caller.cancel().status == 200


def test_the_order_of_another_sub_merchant_does_not_exist(caller: Caller, sandbox: Sandbox) -> None:
    sandbox.add_order(**ORDER, refunded=True)
    assert caller.cancel(sub_mchid="1900013402").refusal == (404, "ORDER_NOT_EXIST")


def test_the_order_of_another_merchant_does_not_exist(caller: Caller, sandbox: Sandbox) -> None:
    sandbox.add_order(**ORDER, refunded=True, mchid="1900000002")
    assert caller.cancel().refusal == (404, "ORDER_NOT_EXIST")


def test_an_order_without_a_refund_is_not_cancelled(caller: Caller, sandbox: Sandbox) -> None:
    sandbox.add_order(**ORDER)
    reply = caller.cancel(refund_id="-")
    assert reply.refusal == (400, "INVALID_REQUEST")
    assert "has no refund, which" in reply.content["message"]
    assert not sandbox.is_cancelled(**ORDER)


@pytest.mark.parametrize(
    ("status", "http_status"),
    [("SUCCESS", 200), ("PROCESSING", 200), ("CLOSED", 400), ("ABNORMAL", 400)],
)
def test_a_refund_counts_unless_no_money_goes_back(
    caller: Caller, sandbox: Sandbox, status: RefundStatus, http_status: int
) -> None:
    sandbox.add_order(**ORDER, refunds=[Refund(refund_id="3008", status=status)])
    assert caller.cancel(refund_id="3008").status == http_status


def test_a_profit_shared_order_is_not_cancelled(caller: Caller, sandbox: Sandbox) -> None:
    sandbox.add_order(**ORDER, refunded=True, profit_shared=True)
    reply = caller.cancel()
    assert reply.refusal == (400, "INVALID_REQUEST")
    assert "profit-shared" in reply.content["message"]


def test_an_order_without_a_subsidy_mark_is_not_cancelled(caller: Caller, sandbox: Sandbox) -> None:
    sandbox.add_order(**ORDER, refunded=True, subsidy_mark=False)
    reply = caller.cancel()
    assert reply.refusal == (400, "INVALID_REQUEST")
    assert "subsidy mark" in reply.content["message"]


def test_another_orders_refund_is_refused(caller: Caller, sandbox: Sandbox) -> None:
    sandbox.add_order(**ORDER, refunds=["3008"])
    reply = caller.cancel(refund_id="3009")
    assert reply.refusal == (400, "INVALID_REQUEST")
    assert "has no refund 3009" in reply.content["message"]


def test_any_of_the_orders_refunds_will_do(caller: Caller, sandbox: Sandbox) -> None:
    sandbox.add_order(**ORDER, refunds=["3008", "3009"])
    assert caller.cancel(refund_id="3009").status == 200


def test_the_first_refund_named_becomes_the_orders(caller: Caller, sandbox: Sandbox) -> None:
    caller.cancel(refund_id="3008")
    reply = caller.send("GET", f"/v3/ecommerce/refunds/id/3008?sub_mchid={ORDER['sub_mchid']}")
    assert reply.content["transaction_id"] == ORDER["transaction_id"]


def test_a_repeat_succeeds_again_and_carries_nothing_out(caller: Caller, sandbox: Sandbox) -> None:
    assert caller.cancel().content == caller.cancel().content
    assert [call.carried_out for call in sandbox.ledger] == [True, False]


def test_a_repeat_may_be_refused_instead(caller: Caller, sandbox: Sandbox) -> None:
    sandbox.repeat = "invalid_request"
    caller.cancel()
    reply = caller.cancel()
    assert reply.refusal == (400, "INVALID_REQUEST")
    assert "already" in reply.content["message"]


@pytest.mark.parametrize("change", [{"description": "其他"}, {"refund_id": "-"}])
def test_a_repeat_with_other_parameters_is_refused(caller: Caller, change: dict[str, str]) -> None:
    caller.cancel()
    reply = caller.cancel(**change)
    assert reply.refusal == (400, "INVALID_REQUEST")
    assert "other parameters" in reply.content["message"]


def test_an_order_cancelled_from_the_start_takes_any_call_as_a_repeat(
    caller: Caller, sandbox: Sandbox
) -> None:
    sandbox.add_order(**ORDER, refunded=True, cancelled=True)
    assert caller.cancel().status == 200
    assert not sandbox.ledger[0].carried_out


def test_an_unheard_of_way_to_answer_repeats_is_named(sandbox: Sandbox) -> None:
    with pytest.raises(ValueError, match="'maybe' and must be one of success, invalid_request"):
        sandbox.repeat = "maybe"  # type: ignore[assignment]  # the mistake under test


def test_an_unheard_of_refund_status_is_named() -> None:
    with pytest.raises(ValueError, match="3008: status 'LOST', not one of SUCCESS, CLOSED"):
        Refund(refund_id="3008", status="LOST")  # type: ignore[arg-type]  # the mistake under test


def test_orders_are_shown_as_they_stand(caller: Caller, sandbox: Sandbox) -> None:
    sandbox.add_order(sub_mchid="19", transaction_id="42", refunds=["3008"])
    caller.cancel()
    assert [order.cancelled for order in sandbox.orders] == [False, True]
    order = sandbox.order(ORDER["transaction_id"])
    assert order
    assert order.cancellation
    assert order.cancellation.description == "订单退款"
    assert sandbox.order("43") is None


def test_an_order_that_is_shown_is_a_copy(sandbox: Sandbox) -> None:
    sandbox.add_order(sub_mchid="19", transaction_id="42", refunds=["3008"])
    order = sandbox.order("42")
    assert order
    order.refunds.clear()
    order.cancelled = True
    assert not sandbox.is_cancelled(sub_mchid="19", transaction_id="42")
    assert sandbox.orders[0].refunds == [Refund(refund_id="3008")]
