"""Each mistake in the set-up is named, with what to put there."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.checks import WARNING, CheckMessage, run_checks

from .conftest import Change


def order_problems(problems: Change, mapping: dict[str, Any]) -> list[CheckMessage]:
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


@pytest.mark.parametrize(
    ("key", "hint"),
    [
        ("partial_refunds", "Did you mean 'PARTIAL_REFUNDS'?"),
        ("Description", "Did you mean 'DESCRIPTION'?"),
        ("MAX_BATCH", "Did you mean 'MAX_BATCH' in WECHAT_SUBSIDIES['API']?"),
        ("MAX_BATCHES", "Did you mean 'MAX_BATCH' in WECHAT_SUBSIDIES['API']?"),
        ("throttle_rate", "Did you mean 'THROTTLE_RATE' in WECHAT_SUBSIDIES['API']?"),
        ("QUEUE", "Did you mean 'QUEUE' in WECHAT_SUBSIDIES['CELERY']?"),
        ("MCHID", "Did you mean 'MCHID' in WECHAT_SUBSIDIES['MERCHANTS']['…']?"),
        ("PRIVAT_KEY", "Did you mean 'PRIVATE_KEY' in WECHAT_SUBSIDIES['MERCHANTS']['…']?"),
    ],
)
def test_a_key_is_found_in_another_spelling_and_where_it_belongs(
    problems: Change, key: str, hint: str
) -> None:
    (error,) = problems(**{key: "x"})
    assert (error.id, error.hint) == ("wechat_subsidies.E002", hint)


def test_a_key_like_no_other_gets_those_that_are_known(problems: Change) -> None:
    (error,) = problems(ZZZ="x")
    assert error.hint.startswith("Known are: MERCHANTS, ")


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
        ({"RATE_LIMIT": float("nan")}, 109),
        ({"RATE_LIMIT": 1e-7}, 109),
        ({"TIMEOUT": (float("inf"), 10)}, 108),
        ({"TIMEOUT": (5, 1e12)}, 108),
        ({"BASE_URL": "https://api.mch.weixin.qq.com/v3"}, 107),
        ({"BASE_URL": None}, 107),
        ({"BACKUP_URL": "https://user@api2.mch.weixin.qq.com"}, 107),
        ({"API_V3_KEY": "short"}, 111),
        ({"API_V3_KEY": {}}, 111),
        ({"PRIVATE_KEY": []}, 105),
        ({"MCHID": 1900000001}, 103),
        ({"WECHATPAY_PUBLIC_KEY_ID": []}, 112),
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
        ({"MAX_ATTEMPTS": float("inf")}, 3),
        ({"MAX_ATTEMPTS": float("nan")}, 3),
        ({"GIVE_UP_AFTER": timedelta.max}, 3),
        ({"GIVE_UP_AFTER": 7}, 3),
        ({"DESCRIPTION": "退" * 81}, 3),
        ({"API": {"MAX_BACH": 5}}, 2),
        ({"API": []}, 3),
        ({"API": {"PERMISSION_CLASSES": "rest_framework.permissions.IsAdminUser"}}, 6),
        ({"API": {"PERMISSION_CLASSES": ["no.such.thing"]}}, 6),
        ({"API": {"THROTTLE_RATE": "fast"}}, 6),
        ({"API": {"MAX_BATCH": 0}}, 6),
        ({"DISPATCHER": "inlin"}, 4),
        ({"DISPATCHER": []}, 4),
        ({"DISPATCHER": None}, 4),
        ({"DISPATCHER": "os.path.join"}, 4),
        ({"DISPATCHER": "tests.checks.adapters.Incomplete"}, 4),
        ({"CELERY": {"QUEUE": ""}}, 3),
        ({"CELERY": {"QUEUE": 5}}, 3),
        ({"CELERY": {"QUEU": "money"}}, 2),
        ({"CELERY": "money"}, 3),
        ({"SCOPES": 5}, 5),
        ({"SCOPES": "tests.checks.adapters.SCOPES"}, 5),
        ({"SCOPES": "shop.nowhere"}, 5),
    ],
)
def test_a_wrong_value_of_the_setting_is_named(
    problems: Change, values: dict[str, Any], number: int
) -> None:
    (error,) = problems(**values)
    assert error.id == f"wechat_subsidies.E{number:03}"
    assert f"['{next(iter(values))}']" in error.msg


@pytest.mark.parametrize(
    ("dispatcher", "largest", "ids"),
    [
        ("inline", 10_000, []),
        ("inline", 10_001, ["wechat_subsidies.W007"]),
        ("wechat_subsidies.dispatch.inline.InlineDispatcher", 10_001, ["wechat_subsidies.W007"]),
        ("tests.checks.adapters.Complete", 10_001, []),
    ],
)
def test_batches_too_large_to_be_sent_without_workers_are_named(
    problems: Change, dispatcher: str, largest: int, ids: list[str]
) -> None:
    found = problems(DISPATCHER=dispatcher, API={"MAX_BATCH": largest})
    assert [problem.id for problem in found] == ids


@pytest.mark.parametrize(
    ("dispatcher", "hint"),
    [
        ("celry", "Did you mean 'celery'?"),
        ("django-tasks", "Did you mean 'django_tasks'?"),
        ("rq", "Put one of 'inline', 'django_tasks', 'celery', or the dotted path"),
    ],
)
def test_an_unknown_dispatcher_is_named_with_the_near_miss(
    problems: Change, dispatcher: str, hint: str
) -> None:
    (error,) = problems(DISPATCHER=dispatcher)
    assert error.hint.startswith(hint)


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
        ({"sub_mchid": "seller"}, 216, "seller"),
        ({"queryset": "example_project.shop.subsidies.ordres"}, 206, "ordres"),
        ({"transaction_id": "why_no_cancellation"}, 207, "why_no_cancellation"),
        ({"transaction_id": 5}, 204, "5"),
        ({"paid_amount": "number", "refunded_amount": "paid_fen"}, 209, "CharField"),
        ({"refunded_amount": "has_refund"}, 209, "BooleanField"),
        ({"refunded_at": "number"}, 217, "CharField"),
        ({"paid_at": "paid_fen"}, 217, "IntegerField"),
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


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("of_another_model", "returned orders of shop.Refund, not of shop.Order"),
        ("sliced", "returned what no order can be loaded from: Cannot filter"),
        ("newest_of_each_seller", "filtered by a window function"),
        ("without_the_seller", "cannot be both deferred and traversed"),
        ("no_queryset", "list"),
        ("without_a_model", "model"),
    ],
)
def test_a_queryset_that_loads_no_orders_is_named(problems: Change, name: str, words: str) -> None:
    mapping = {"queryset": f"tests.checks.adapters.{name}", "has_refund": "pk"}
    (error,) = order_problems(problems, mapping)
    assert error.id == "wechat_subsidies.E208"
    assert words in error.msg


def test_a_queryset_without_orders_is_fine(problems: Change) -> None:
    mapping = {"queryset": "tests.checks.adapters.nothing", "has_refund": "pk"}
    assert order_problems(problems, mapping) == []


def test_what_was_paid_without_what_was_refunded_is_a_warning(problems: Change) -> None:
    (warning,) = order_problems(problems, {"paid_amount": "paid_fen"})
    assert (warning.id, warning.level) == ("wechat_subsidies.W212", WARNING)


@pytest.mark.parametrize(
    ("name", "identity", "words"),
    [
        ("WithoutFind", "W211", "has no `find`"),
        ("WithoutTargets", "E202", "has no `targets`"),
        ("AbstractModel", "E202", "has no model"),
        ("NeedsAnArgument", "E206", "shop"),
        ("OtherModelsQueryset", "E206", "orders of shop.Refund"),
    ],
)
def test_what_an_adapter_lacks_is_named(
    problems: Change, name: str, identity: str, words: str
) -> None:
    (problem,) = problems(ORDERS=f"tests.checks.adapters.{name}")
    assert problem.id == f"wechat_subsidies.{identity}"
    assert words in problem.msg
    assert problem.hint


def test_an_adapter_at_the_label_of_another_model_is_named(problems: Change) -> None:
    (error,) = problems(ORDERS={"shop.Refund": "tests.checks.adapters.Whole"})
    assert error.id == "wechat_subsidies.E202"
    assert "is for shop.Order" in error.msg
    assert problems(ORDERS={"shop.Order": "tests.checks.adapters.Whole"}) == []


def test_two_entries_for_the_same_rows_are_named(problems: Change) -> None:
    whole = "tests.checks.adapters.Whole"
    (error,) = problems(ORDERS={"shop.Order": whole, "shop.order": whole})
    assert error.id == "wechat_subsidies.E210"
