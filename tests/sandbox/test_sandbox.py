import threading

import pytest
from cryptography.hazmat.primitives import serialization

from tests.sandbox.caller import ORDER, Caller, private_key
from wechat_subsidies.sandbox import Sandbox
from wechat_subsidies.sandbox.keys import generate_key, private_pem, public_pem


@pytest.fixture(scope="module")
def own_key() -> str:
    return private_pem(generate_key())


def public_half(pem: str) -> str:
    return public_pem(private_key(pem).public_key())


def test_the_settings_are_those_that_a_host_needs(sandbox: Sandbox) -> None:
    settings = sandbox.merchant_settings()
    assert list(settings) == [
        "MCHID",
        "MERCHANT_SERIAL_NO",
        "PRIVATE_KEY",
        "WECHATPAY_PUBLIC_KEY_ID",
        "WECHATPAY_PUBLIC_KEY",
        "BASE_URL",
    ]
    assert settings["BASE_URL"] == sandbox.url
    assert serialization.load_pem_public_key(settings["WECHATPAY_PUBLIC_KEY"].encode())


def test_a_merchant_with_a_key_of_its_own_may_call(sandbox: Sandbox, own_key: str) -> None:
    sandbox.add_merchant(
        mchid="1900000002", serial_no="abcdef01", public_key_pem=public_half(own_key)
    )
    own = {"MCHID": "1900000002", "MERCHANT_SERIAL_NO": "ABCDEF01", "PRIVATE_KEY": own_key}
    assert Caller(sandbox.merchant_settings() | own).cancel().status == 200
    assert sandbox.ledger[0].mchid == "1900000002"


def test_a_merchant_may_be_given_a_new_key(sandbox: Sandbox) -> None:
    sandbox.add_merchant(mchid="1900000002")
    assert Caller(sandbox.merchant_settings("1900000002")).cancel().status == 200


def test_merchants_sign_with_their_own_key_only(
    caller: Caller, sandbox: Sandbox, own_key: str
) -> None:
    sandbox.add_merchant(mchid="1900000002", serial_no="AB", public_key_pem=public_half(own_key))
    reply = caller.send("GET", "/v3/ecommerce/refunds/id/1", mchid="1900000002", serial_no="AB")
    assert (reply.refusal, reply.field) == ((401, "SIGN_ERROR"), "signature")


def test_the_private_key_of_a_merchant_who_kept_it_is_not_known(
    sandbox: Sandbox, own_key: str
) -> None:
    sandbox.add_merchant(mchid="1900000002", serial_no="AB", public_key_pem=public_half(own_key))
    with pytest.raises(ValueError, match="private key of merchant 1900000002"):
        sandbox.merchant_settings("1900000002")


def test_half_of_a_merchants_key_is_a_mistake(sandbox: Sandbox) -> None:
    with pytest.raises(ValueError, match="1900000002: give serial_no and public_key_pem"):
        sandbox.add_merchant(mchid="1900000002", serial_no="AB")


def test_a_reset_forgets_everything(caller: Caller, sandbox: Sandbox) -> None:
    sandbox.add_merchant(mchid="1900000002")
    sandbox.faults.add("delay", seconds=0)
    caller.cancel()
    sandbox.repeat, sandbox.create_orders = "invalid_request", False
    sandbox.reset()
    assert (sandbox.ledger, sandbox.is_cancelled(**ORDER)) == ([], False)
    assert (sandbox.repeat, sandbox.create_orders) == ("success", True)
    caller.cancel()
    assert (sandbox.ledger[0].number, sandbox.ledger[0].fault) == (1, None)
    with pytest.raises(KeyError):
        sandbox.merchant_settings("1900000002")


def test_a_reset_gives_the_default_merchant_its_key_back(
    caller: Caller, sandbox: Sandbox, own_key: str
) -> None:
    sandbox.add_merchant(mchid="1900000001", serial_no="AB", public_key_pem=public_half(own_key))
    sandbox.reset()
    assert caller.cancel().status == 200


def test_a_reset_lets_go_of_what_hangs(caller: Caller, sandbox: Sandbox) -> None:
    sandbox.faults.add("hang")
    thread = threading.Thread(target=caller.cancel)
    thread.start()
    sandbox.wait_for_calls(1)
    sandbox.reset()
    thread.join()
    assert sandbox.ledger == []


def test_it_starts_again_where_it_was() -> None:
    sandbox = Sandbox()
    with sandbox:
        url, caller = sandbox.url, Caller(sandbox.merchant_settings())
        caller.cancel()
    with pytest.raises(ConnectionRefusedError):
        caller.cancel()
    with sandbox:
        assert sandbox.url == url
        assert caller.cancel().status == 200
    assert sandbox.is_cancelled(**ORDER)


def test_it_has_no_address_before_it_is_started() -> None:
    with pytest.raises(RuntimeError, match="no address before it is started"):
        _ = Sandbox().url


def test_it_is_started_once(sandbox: Sandbox) -> None:
    with pytest.raises(RuntimeError, match="running already at http://127"):
        sandbox.start()


def test_stopping_twice_does_no_harm() -> None:
    with Sandbox() as sandbox:
        sandbox.stop()


def test_orders_may_be_strict_from_the_start() -> None:
    with Sandbox(create_orders=False) as sandbox:
        reply = Caller(sandbox.merchant_settings()).cancel()
    assert reply.refusal == (404, "ORDER_NOT_EXIST")


def test_one_order_is_carried_out_once_however_many_ask(caller: Caller, sandbox: Sandbox) -> None:
    threads = [threading.Thread(target=caller.cancel) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [call.status for call in sandbox.ledger] == [200] * 16
    assert sum(call.carried_out for call in sandbox.ledger) == 1
