import threading

import pytest
from cryptography.hazmat.primitives import serialization

from tests.sandbox.caller import CERTIFICATES, ORDER, Caller, private_key
from wechat_subsidies.sandbox import Sandbox
from wechat_subsidies.sandbox.keys import (
    certificate_pem,
    generate_key,
    private_pem,
    public_pem,
    self_signed,
)


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


def test_the_settings_may_verify_with_certificates(sandbox: Sandbox) -> None:
    settings = sandbox.merchant_settings(key_mode="certificates")
    assert list(settings) == [
        "MCHID",
        "MERCHANT_SERIAL_NO",
        "PRIVATE_KEY",
        "API_V3_KEY",
        "BASE_URL",
    ]
    assert len(settings["API_V3_KEY"]) == 32


def test_the_settings_may_verify_with_both(sandbox: Sandbox) -> None:
    settings = sandbox.merchant_settings(key_mode="both")
    assert settings == sandbox.merchant_settings() | sandbox.merchant_settings(
        key_mode="certificates"
    )


def test_the_settings_of_a_merchant_without_the_public_key_have_none(sandbox: Sandbox) -> None:
    sandbox.add_merchant(mchid="1900000002", key_mode="certificates")
    settings = sandbox.merchant_settings("1900000002")
    assert settings == sandbox.merchant_settings("1900000002", key_mode="certificates")
    assert "WECHATPAY_PUBLIC_KEY" not in settings


def test_settings_for_keys_that_the_merchant_has_not_are_refused(sandbox: Sandbox) -> None:
    sandbox.add_merchant(mchid="1900000002", key_mode="public_key")
    with pytest.raises(ValueError, match="1900000002 has public_key of WeChat Pay's keys, not"):
        sandbox.merchant_settings("1900000002", key_mode="certificates")


def test_an_unheard_of_key_mode_is_named(sandbox: Sandbox) -> None:
    with pytest.raises(ValueError, match="key_mode is 'x' and must be one of public_key, cert"):
        sandbox.merchant_settings(key_mode="x")  # type: ignore[arg-type]  # the mistake under test


def test_the_default_merchant_may_be_a_new_one() -> None:
    with Sandbox(key_mode="public_key") as sandbox:
        caller = Caller(sandbox.merchant_settings())
        assert caller.send("GET", CERTIFICATES).refusal == (404, "RESOURCE_NOT_EXISTS")


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


def test_a_merchant_may_be_known_by_its_certificate(sandbox: Sandbox, own_key: str) -> None:
    certificate = self_signed(name="1900000002", key=private_key(own_key))
    sandbox.add_merchant(mchid="1900000002", certificate_pem=certificate_pem(certificate))
    serial_no = f"{certificate.serial_number:X}"
    own = {"MCHID": "1900000002", "MERCHANT_SERIAL_NO": serial_no, "PRIVATE_KEY": own_key}
    assert Caller(sandbox.merchant_settings() | own).cancel().status == 200


def test_a_merchants_text_that_holds_no_certificate_is_named(sandbox: Sandbox) -> None:
    with pytest.raises(ValueError, match="Merchant 1900000002: certificate_pem holds no cert"):
        sandbox.add_merchant(mchid="1900000002", certificate_pem="no certificate")


def test_a_merchants_text_that_holds_no_key_is_named(sandbox: Sandbox) -> None:
    with pytest.raises(ValueError, match="Merchant 1900000002: public_key_pem holds no public"):
        sandbox.add_merchant(mchid="1900000002", serial_no="AB", public_key_pem="no key")


def test_a_merchants_key_is_given_once(sandbox: Sandbox) -> None:
    with pytest.raises(ValueError, match="give either it or these"):
        sandbox.add_merchant(mchid="1900000002", certificate_pem="…", serial_no="AB")


def test_an_api_v3_key_has_32_bytes(sandbox: Sandbox) -> None:
    with pytest.raises(ValueError, match="1900000002: the APIv3 key has 96 bytes and must have 32"):
        sandbox.add_merchant(mchid="1900000002", api_v3_key="钥" * 32)


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


@pytest.mark.parametrize("token", ["", "密码"])
def test_a_control_token_is_one_that_a_header_can_hold(token: str) -> None:
    with pytest.raises(ValueError, match="control_token must be ASCII text"):
        Sandbox(control_token=token)


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
