"""Merchants: which keys are enough, and what does not go together."""

from typing import Any

import pytest

from wechat_subsidies.sandbox import Sandbox
from wechat_subsidies.sandbox.keys import certificate_pem, generate_key, self_signed

from .conftest import Change

REAL = "https://api.mch.weixin.qq.com"
NO_PUBLIC_KEY = {"WECHATPAY_PUBLIC_KEY_ID": "", "WECHATPAY_PUBLIC_KEY": None}


def test_an_api_v3_key_is_enough(problems: Change) -> None:
    assert problems({**NO_PUBLIC_KEY, "API_V3_KEY": "k" * 32}) == []


def test_both_keys_may_be_there(problems: Change) -> None:
    assert problems({"API_V3_KEY": "k" * 32}) == []


def test_with_neither_both_ways_are_told(problems: Change) -> None:
    found = problems(NO_PUBLIC_KEY)
    assert [error.id for error in found] == ["wechat_subsidies.E102"] * 2
    assert all("API_V3_KEY" in error.hint for error in found)


@pytest.mark.parametrize("key", ["WECHATPAY_PUBLIC_KEY_ID", "WECHATPAY_PUBLIC_KEY"])
def test_half_a_public_key_is_named_beside_an_api_v3_key(problems: Change, key: str) -> None:
    (error,) = problems({key: "", "API_V3_KEY": "k" * 32})
    assert error.msg.endswith(f"['{key}'] is missing.")


def test_a_wrong_api_v3_key_is_not_shown(problems: Change) -> None:
    (error,) = problems({**NO_PUBLIC_KEY, "API_V3_KEY": "secretsecret"})
    assert (error.id, "secret" in f"{error.msg}{error.hint}") == ("wechat_subsidies.E111", False)


@pytest.mark.parametrize("name", ["m" * 65, "", 5, "a\0b"])
def test_a_name_that_cannot_be_stored_is_named(
    problems: Change, gateway: Sandbox, name: Any
) -> None:
    (error,) = problems(MERCHANTS={name: gateway.merchant_settings()})
    assert error.id == "wechat_subsidies.E113"


@pytest.mark.parametrize(
    "other", [{"BASE_URL": REAL}, {"BACKUP_URL": REAL}, {"BASE_URL": "https://api.wechatpay.cn"}]
)
def test_the_sandbox_beside_wechat_pay_is_named(
    problems: Change, gateway: Sandbox, other: dict[str, Any]
) -> None:
    entry = gateway.merchant_settings()
    (error,) = problems(MERCHANTS={"default": entry, "second": entry | other})
    assert error.id == "wechat_subsidies.E114"
    assert "['default']['BASE_URL'] is a sandbox" in error.msg
    assert f"['second']['{next(iter(other))}'] WeChat Pay" in error.msg


def test_an_address_left_out_is_wechat_pays(problems: Change, gateway: Sandbox) -> None:
    entry = gateway.merchant_settings()
    left_out = {key: value for key, value in entry.items() if key != "BASE_URL"}
    (error,) = problems(MERCHANTS={"default": entry, "second": left_out})
    assert error.id == "wechat_subsidies.E114"
    assert problems(MERCHANTS={"default": left_out, "second": left_out}) == []


@pytest.mark.parametrize("limit", [100, None])
def test_several_limits_under_one_mchid_are_named(
    problems: Change, gateway: Sandbox, limit: int | None
) -> None:
    entry = gateway.merchant_settings()
    (error,) = problems(MERCHANTS={"default": entry, "second": entry | {"RATE_LIMIT": limit}})
    assert error.id == "wechat_subsidies.E115"
    assert "['second']['RATE_LIMIT']" in error.msg


@pytest.mark.parametrize("key", ["BASE_URL", "BACKUP_URL"])
@pytest.mark.parametrize("host", ["127.0.0.1:8787", "localhost", "[::1]"])
def test_this_machine_is_named_in_production_and_not_before(
    problems: Change, settings: Any, key: str, host: str
) -> None:
    urls = {"BASE_URL": REAL, key: f"https://{host}"}
    settings.DEBUG = False
    (warning,) = (each for each in problems(urls) if each.id == "wechat_subsidies.W118")
    assert f"['default']['{key}'] is 'https://{host}', this machine" in warning.msg
    settings.DEBUG = True
    assert [each for each in problems(urls) if each.id == "wechat_subsidies.W118"] == []


def test_wechat_pay_is_right_in_production(problems: Change, settings: Any) -> None:
    settings.DEBUG = False
    assert problems({"BASE_URL": REAL, "BACKUP_URL": "https://api2.mch.weixin.qq.com"}) == []


def test_the_merchants_certificate_as_wechat_pays_key_is_named(problems: Change) -> None:
    certificate = certificate_pem(self_signed(name="1900000001", key=generate_key()))
    (error,) = problems({"WECHATPAY_PUBLIC_KEY": certificate})
    assert error.id == "wechat_subsidies.E106"
    assert "This is a certificate; WeChat Pay's public key (pub_key.pem) belongs here" in error.msg
