from tests.sandbox.caller import Caller
from wechat_subsidies.sandbox import Sandbox


def test_a_test_leaves_calls_and_faults_behind(wechatpay_sandbox: Sandbox) -> None:
    wechatpay_sandbox.faults.add("rate_limited")
    assert Caller(wechatpay_sandbox.merchant_settings()).cancel().status == 429


def test_the_next_test_finds_nothing_of_them(wechatpay_sandbox: Sandbox) -> None:
    assert wechatpay_sandbox.ledger == []
    assert Caller(wechatpay_sandbox.merchant_settings()).cancel().status == 200


def test_all_tests_share_one_server(
    wechatpay_sandbox: Sandbox, wechatpay_sandbox_server: Sandbox
) -> None:
    assert wechatpay_sandbox is wechatpay_sandbox_server
