"""Each mistake in the set-up is named, with what to put there."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.checks import Error, run_checks

from wechat_subsidies.sandbox import Sandbox

Change = Callable[..., list[Error]]


@pytest.fixture
def problems(gateway: Sandbox, settings) -> Change:
    """What the checks say once a merchant, or the setting as a whole, has been changed."""
    settings.DEBUG = True

    def changed(merchant: dict[str, Any] | None = None, **values: Any) -> list[Error]:
        entry = {**gateway.merchant_settings(), **(merchant or {})}
        settings.WECHAT_SUBSIDIES = {
            **settings.WECHAT_SUBSIDIES,
            "MERCHANTS": {"default": entry},
            **values,
        }
        return [*run_checks(tags=["wechat_subsidies"])]

    return changed


def order_problems(problems: Change, mapping: dict[str, Any]) -> list[Error]:
    complete = {
        "transaction_id": "wechat_transaction_id",
        "sub_mchid": "seller.wechat_mchid",
        "has_refund": "has_refund",
        "queryset": "example_project.shop.subsidies.orders",
    }
    return problems(ORDERS={"shop.Order": complete | mapping})


def test_a_right_setup_has_no_problems(problems: Change) -> None:
    assert problems() == []


@pytest.mark.parametrize("value", [None, {}, []])
def test_a_missing_setting_is_named(problems: Change, settings, value: Any) -> None:
    settings.WECHAT_SUBSIDIES = value
    (error,) = run_checks(tags=["wechat_subsidies"])
    assert (error.id, error.msg) == ("wechat_subsidies.E001", "WECHAT_SUBSIDIES is not set.")


def test_no_merchant_is_named(problems: Change) -> None:
    (error,) = problems(MERCHANTS={})
    assert error.id == "wechat_subsidies.E101"


@pytest.mark.parametrize(
    "key",
    [
        "MCHID",
        "MERCHANT_SERIAL_NO",
        "PRIVATE_KEY",
        "WECHATPAY_PUBLIC_KEY_ID",
        "WECHATPAY_PUBLIC_KEY",
    ],
)
def test_each_required_key_of_a_merchant_is_named(problems: Change, key: str) -> None:
    (error,) = problems({key: ""})
    assert error.id == "wechat_subsidies.E102"
    assert error.msg == f"WECHAT_SUBSIDIES['MERCHANTS']['default']['{key}'] is missing."
    assert error.hint.startswith("Put ")


def test_an_unknown_key_is_named_with_the_near_miss(problems: Change) -> None:
    (error,) = problems({"PRIVAT_KEY": "x"})
    assert (error.id, error.hint) == ("wechat_subsidies.E002", "Did you mean 'PRIVATE_KEY'?")


def test_an_unknown_setting_is_named_with_the_near_miss(problems: Change) -> None:
    (error,) = problems(PARTIAL_REFUND="ask")
    assert (error.id, error.hint) == ("wechat_subsidies.E002", "Did you mean 'PARTIAL_REFUNDS'?")


def test_a_public_key_where_the_private_belongs_is_named(problems: Change, gateway: Any) -> None:
    public = gateway.merchant_settings()["WECHATPAY_PUBLIC_KEY"]
    (error,) = problems({"PRIVATE_KEY": public})
    assert error.id == "wechat_subsidies.E105"
    assert "['PRIVATE_KEY'] cannot be used" in error.msg
    assert "public key" in error.msg


def test_a_private_key_where_the_public_belongs_is_named(problems: Change, gateway: Any) -> None:
    private = gateway.merchant_settings()["PRIVATE_KEY"]
    (error,) = problems({"WECHATPAY_PUBLIC_KEY": private})
    assert error.id == "wechat_subsidies.E106"
    assert "private key" in error.msg
    assert "BEGIN" not in f"{error.msg}{error.hint}"


def test_an_unreadable_key_is_named(problems: Change, tmp_path: Path) -> None:
    (error,) = problems({"PRIVATE_KEY": tmp_path / "missing.pem"})
    assert error.id == "wechat_subsidies.E105"
    assert "missing.pem" in error.msg


def test_a_key_file_that_is_no_key_is_named(problems: Change, tmp_path: Path) -> None:
    path = tmp_path / "apiclient_key.pem"
    path.write_text("hello")
    (error,) = problems({"PRIVATE_KEY": path})
    assert error.id == "wechat_subsidies.E105"


def test_the_merchants_own_key_as_wechat_pays_is_named(problems: Change, gateway: Any) -> None:
    from wechat_subsidies.wechatpay import load_private_key

    own = load_private_key(gateway.merchant_settings()["PRIVATE_KEY"]).public_key()
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    pem = own.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    (error,) = problems({"WECHATPAY_PUBLIC_KEY": pem})
    assert error.id == "wechat_subsidies.E110"


@pytest.mark.parametrize(
    ("merchant", "number"),
    [
        ({"MCHID": "one nine"}, 103),
        ({"MERCHANT_SERIAL_NO": "not hex"}, 104),
        ({"WECHATPAY_PUBLIC_KEY_ID": "PUB KEY"}, 112),
        ({"BASE_URL": "ftp://api.mch.weixin.qq.com"}, 107),
        ({"TIMEOUT": 5}, 108),
        ({"TIMEOUT": (0, 10)}, 108),
        ({"RATE_LIMIT": 0}, 109),
        ({"RATE_LIMIT": "200"}, 109),
    ],
)
def test_a_wrong_value_of_a_merchant_is_named(
    problems: Change, merchant: dict[str, Any], number: int
) -> None:
    (error,) = problems(merchant)
    assert error.id == f"wechat_subsidies.E{number}"
    assert f"['{next(iter(merchant))}']" in error.msg
    assert error.hint


def test_plain_http_is_an_error_outside_debug(problems: Change, settings) -> None:
    settings.DEBUG = False
    (error,) = problems()
    assert error.id == "wechat_subsidies.E107"
    assert "https" in error.hint


@pytest.mark.parametrize(
    ("values", "number"),
    [
        ({"PARTIAL_REFUNDS": "sometimes"}, 3),
        ({"VERIFY_REFUND": True}, 3),
        ({"MAX_ATTEMPTS": 0}, 3),
        ({"GIVE_UP_AFTER": 7}, 3),
        ({"DESCRIPTION": "退" * 81}, 3),
        ({"API": {"MAX_BACH": 5}}, 2),
        ({"API": []}, 3),
        ({"DISPATCHER": "inlin"}, 4),
        ({"SCOPES": "shop.nowhere"}, 5),
    ],
)
def test_a_wrong_value_of_the_setting_is_named(
    problems: Change, values: dict[str, Any], number: int
) -> None:
    (error,) = problems(**values)
    assert error.id == f"wechat_subsidies.E{number:03}"
    assert f"['{next(iter(values))}']" in error.msg


def test_an_unknown_order_model_is_named_with_the_near_miss(problems: Change) -> None:
    (error,) = problems(ORDERS={"shop.Ordr": {}})
    assert (error.id, error.hint) == ("wechat_subsidies.E201", "Did you mean 'shop.Order'?")


@pytest.mark.parametrize(
    ("mapping", "number", "word"),
    [
        ({"transaction_id": ""}, 203, "transaction_id"),
        ({"transaction_id": "wechat_transation_id"}, 204, "wechat_transation_id"),
        ({"sub_mchid": "seller.wechat_id"}, 204, "wechat_id"),
        ({"refund_id": "refunds.refund_id"}, 205, "refunds"),
        ({"queryset": "example_project.shop.subsidies.ordres"}, 206, "ordres"),
        ({"transaction_id": "why_no_cancellation"}, 207, "why_no_cancellation"),
        ({"refund": "latest_refund_id"}, 2, "refund"),
    ],
)
def test_a_wrong_path_is_named(
    problems: Change, mapping: dict[str, Any], number: int, word: str
) -> None:
    (error,) = order_problems(problems, mapping)
    assert error.id == f"wechat_subsidies.E{number:03}"
    assert word in error.msg


@pytest.mark.parametrize("path", ["seller_id", "seller.wechat_mchid", "seller__wechat_mchid"])
def test_paths_over_columns_and_relations_are_right(problems: Change, path: str) -> None:
    assert order_problems(problems, {"sub_mchid": path}) == []


def test_a_missing_path_suggests_the_near_miss(problems: Change) -> None:
    (error,) = order_problems(problems, {"transaction_id": "wechat_transation_id"})
    assert error.hint == "Did you mean 'wechat_transaction_id'?"


@pytest.mark.parametrize(
    ("path", "word"),
    [
        ("example_project.shop.nowhere.Adapter", "nowhere"),
        ("example_project.shop.models.Order", "OrderAdapter"),
        ("wechat_subsidies.orders.OrderAdapter", "no model"),
    ],
)
def test_a_wrong_adapter_is_named(problems: Change, path: str, word: str) -> None:
    (error,) = problems(ORDERS=path)
    assert error.id == "wechat_subsidies.E202"
    assert word in error.msg
