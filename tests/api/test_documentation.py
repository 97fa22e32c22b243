"""Every code that docs/api.md tells of is answered, and no other."""

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone, translation
from rest_framework.test import APIClient

from wechat_subsidies import outcomes, services
from wechat_subsidies.api import errors
from wechat_subsidies.exceptions import ConcurrentRequest
from wechat_subsidies.models import CancellationBatch, SubsidyCancellation
from wechat_subsidies.orders import ReasonCode
from wechat_subsidies.sandbox.faults import FAULTS

from .calls import CANCELLATIONS, codes, identifiers

BATCHES = "/api/subsidies/batches/"
DOCUMENT = (Path(__file__).parents[2] / "docs" / "api.md").read_text()
ROWS = re.findall(r"^\| `(\w+)` \| ([0-9, ]+) \|", DOCUMENT, re.MULTILINE)
FIELD_ROWS = re.findall(r"^\| `(\w+)` \|", DOCUMENT.partition("code of a field")[2], re.MULTILINE)

World = Any


class Caller:
    """Somebody who calls the API, with a shop around them."""

    def __init__(self, api: APIClient, make_order: Callable[..., Any], change: Any) -> None:
        self.api, self.make_order, self.change = api, make_order, change

    def post(self, path: str, body: Any, **headers: str) -> Any:
        return self.api.post(f"/api/subsidies/{path}", body, format="json", **headers)

    def ask(self, **body: Any) -> Any:
        return self.post("cancellations/", body)

    def waiting(self, **order: Any) -> str:
        return f"cancellations/{self.ask(order=self.make_order(**order).pk).json()['id']}/"

    def draft(self, *orders: Any) -> str:
        body = {"orders": [order.pk for order in orders], "draft": True}
        return f"batches/{self.post('batches/', body).json()['id']}/"


@pytest.fixture
def world(gateway, api, make_order, change_settings) -> Caller:
    return Caller(api, make_order, change_settings)


def other_merchant(world: World) -> Any:
    order = world.make_order()
    world.ask(order=order.pk)
    SubsidyCancellation.objects.update(merchant="second")
    return world.ask(order=order.pk)


def other_order(world: World) -> Any:
    order = world.make_order()
    world.ask(order=order.pk)
    same = world.make_order(wechat_transaction_id=order.wechat_transaction_id)
    return world.ask(order=same.pk)


def frozen(world: World) -> Any:
    path = world.waiting()
    world.post(f"{path}withdraw/", {})
    return world.post(f"{path}withdraw/", {})


def stopped(world: World) -> Any:
    path = world.draft(world.make_order())
    world.post(f"{path}stop/", {"note": "x"})
    return world.post(f"{path}confirm/", {})


def draft_expired(world: World) -> Any:
    path = world.draft(world.make_order())
    CancellationBatch.objects.update(created_at=timezone.now() - timedelta(days=2))
    return world.post(f"{path}confirm/", {})


def try_again(world: World) -> Any:
    def raced(*args: Any, **kwargs: Any) -> None:
        raise ConcurrentRequest("being recorded")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(services, "cancel_subsidy_for_order", raced)
        return world.ask(order=world.make_order().pk)


def request_in_progress(world: World) -> Any:
    from wechat_subsidies.api import idempotency

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(idempotency, "release", lambda row: None)  # its process died just now
        world.post("cancellations/", {}, HTTP_IDEMPOTENCY_KEY="k")
    return world.post("cancellations/", {}, HTTP_IDEMPOTENCY_KEY="k")


def idempotency_key_reused(world: World) -> Any:
    world.post("cancellations/", {}, HTTP_IDEMPOTENCY_KEY="k")
    return world.post("cancellations/", {"order": 1}, HTTP_IDEMPOTENCY_KEY="k")


def not_authenticated(world: World) -> Any:
    return APIClient().get(CANCELLATIONS)


def authentication_failed(world: World) -> Any:
    return APIClient().get(CANCELLATIONS, HTTP_AUTHORIZATION="Basic b21zOng=")


def permission_denied(world: World) -> Any:
    return world.post("cancellations/1/resolve/", {})


def throttled(world: World) -> Any:
    world.change(API={"THROTTLE_RATE": "0/day"})
    return world.api.get(CANCELLATIONS)


RAISING: dict[str, Callable[[World], Any]] = {
    "invalid": lambda world: world.ask(),
    "parse_error": lambda world: world.api.generic(
        "POST", CANCELLATIONS, b"{", content_type="application/json"
    ),
    "invalid_idempotency_key": lambda world: world.post(
        "cancellations/", {}, HTTP_IDEMPOTENCY_KEY=""
    ),
    "not_authenticated": not_authenticated,
    "authentication_failed": authentication_failed,
    "permission_denied": permission_denied,
    "not_found": lambda world: world.api.get(f"{CANCELLATIONS}987/"),
    "method_not_allowed": lambda world: world.api.delete(CANCELLATIONS),
    "not_acceptable": lambda world: world.api.get(CANCELLATIONS, HTTP_ACCEPT="application/pdf"),
    "other_merchant": other_merchant,
    "other_order": other_order,
    "in_progress": lambda world: world.post(f"{world.waiting()}retry/", {}),
    "frozen": frozen,
    "nothing_to_send": lambda world: world.post(
        f"{world.draft(world.make_order(refunds=()))}confirm/", {}
    ),
    "draft_expired": draft_expired,
    "stopped": stopped,
    "try_again": try_again,
    "request_in_progress": request_in_progress,
    "unsupported_media_type": lambda world: world.api.generic(
        "POST", CANCELLATIONS, b"x", content_type="text/plain"
    ),
    "idempotency_key_reused": idempotency_key_reused,
    "throttled": throttled,
}


def test_every_code_has_its_row() -> None:
    assert [code for code, _ in ROWS] == list(RAISING)


@pytest.mark.parametrize(("code", "status"), ROWS)
@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_a_code_comes_with_its_status_and_with_words(world, code, status, language) -> None:
    world.api.defaults["HTTP_ACCEPT_LANGUAGE"] = language
    response = RAISING[code](world)
    assert str(response.status_code) in status.split(", ")
    shown = response.json()
    assert (shown["code"], bool(shown["detail"])) == (code, True)
    assert set(shown) <= {"code", "detail", "fields"}


ID = {"sub_mchid": "1900000109", "transaction_id": "T1"}
LATE: dict[str, Callable[[World], Any]] = {
    "required": lambda world: world.ask(),
    "null": lambda world: world.ask(order=None),
    "wrong_type": lambda world: world.ask(order=True),
    "not_a_list": lambda world: world.post("batches/", {"orders": 1}),
    "empty": lambda world: world.post("batches/", {"orders": []}),
    "batch_too_large": lambda world: world.post("batches/", {"orders": ["1"] * 1001}),
    "too_long": lambda world: world.ask(order="1" * 256),
    "too_many": lambda world: world.api.get(f"{CANCELLATIONS}?status={'failed,' * 60}"),
    "invalid_characters": lambda world: world.ask(**ID | {"transaction_id": "🧧"}),
    "invalid": lambda world: world.api.get(f"{CANCELLATIONS}?updated_since=x"),
    "unknown_value": lambda world: world.api.get(f"{CANCELLATIONS}?status=x"),
    "out_of_range": lambda world: world.api.get(f"{CANCELLATIONS}?page_size=0"),
    "repeated": lambda world: world.api.get(f"{CANCELLATIONS}?batch=1&batch=2"),
    "unknown_field": lambda world: world.ask(order=1, x=1),
    "not_together": lambda world: world.ask(order=1, order_reference="x"),
    "not_found": lambda world: world.ask(order=987),
    "not_available": lambda world: (world.change(ORDERS={}), world.ask(order=1))[1],
    "not_unique": lambda world: (
        world.change(ORDERS="tests.api.adapters.EverySellersOrders"),
        world.ask(order_reference="x"),
    )[1],
    "unknown_model": lambda world: world.ask(order=1, order_model="x"),
    "unknown_merchant": lambda world: (
        world.change(ORDERS={}),
        world.ask(**ID, merchant="x"),
    )[1],
    "not_the_orders": lambda world: world.ask(**identifiers(world.make_order()), merchant="x"),
    "several_transactions": lambda world: several(world),
    "not_refunded": lambda world: world.ask(order=world.make_order(refunds=()).pk),
    "partly_refunded": lambda world: world.ask(order=world.make_order(refunds=(1,)).pk),
    "blocked": lambda world: world.ask(order=world.make_order(is_profit_shared=True).pk),
    "missing_transaction_id": lambda world: world.ask(
        order=world.make_order(wechat_transaction_id="").pk
    ),
    "missing_sub_mchid": lambda world: nobodys(world),
    "adapter_error": lambda world: failing(world),
}


def several(world: World) -> Any:
    world.change(ORDERS="tests.api.adapters.EverySellersOrders")
    order = world.make_order(title="T1 T2")
    body = {"order": order.pk}
    return world.post("cancellations/", body, HTTP_X_SELLERS=str(order.seller_id))


def nobodys(world: World) -> Any:
    order = world.make_order()
    type(order.seller).objects.update(wechat_mchid="")
    return world.ask(order=order.pk)


def failing(world: World) -> Any:
    world.change(ORDERS="tests.api.adapters.FailingOrders")
    return world.ask(order=world.make_order().pk)


def test_every_code_of_a_field_has_its_row() -> None:
    assert list(LATE) == FIELD_ROWS


@pytest.mark.parametrize("code", FIELD_ROWS)
def test_a_code_of_a_field_is_answered(world, code) -> None:
    response = LATE[code](world)
    assert response.status_code == 400
    assert code in {each for fields in codes(response).values() for each in fields}


def test_drfs_own_codes_have_names_of_ours() -> None:
    assert set(errors.CODES.values()) <= set(FIELD_ROWS)


def test_every_reason_of_an_item_is_told() -> None:
    paragraph = DOCUMENT.partition("The `code` of an item of a batch")[2].partition("## ")[0]
    told = {*re.findall(r"`(\w+)`", paragraph), *FIELD_ROWS}
    assert {*ReasonCode.values, "other_merchant"} - told <= {"amounts_unknown"}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("fault", sorted(FAULTS))
def test_what_wechat_pay_said_is_in_the_resource_and_not_in_the_status(
    gateway, settings, make_order, post, fault
) -> None:
    merchant = gateway.merchant_settings() | {"TIMEOUT": (1, 0.5)}
    settings.WECHAT_SUBSIDIES = settings.WECHAT_SUBSIDIES | {"MERCHANTS": {"default": merchant}}
    seconds = 0.05 if fault in {"delay", "drip"} else None
    gateway.faults.add(fault, seconds=seconds)
    response = post({"order": make_order().pk})
    shown = response.json()
    assert response.status_code == (201 if shown["is_final"] else 202)
    assert shown["reason"] in {*outcomes.MEANINGS, *outcomes.HISTORIES}
    assert shown["advice"]


@pytest.mark.parametrize("reason", sorted({*outcomes.MEANINGS, *outcomes.HISTORIES}))
def test_every_reason_has_advice_in_the_language_of_the_reader(
    gateway, make_order, post, api, reason
) -> None:
    url = post({"order": make_order().pk}).json()["url"]
    SubsidyCancellation.objects.update(reason=reason)
    english, chinese = (
        api.get(url, HTTP_ACCEPT_LANGUAGE=language).json() for language in ("en", "zh-hans")
    )
    assert english["reason"] == chinese["reason"] == reason
    with translation.override("en"):
        assert english["advice"] == str(outcomes.advice(reason))
    assert re.search(r"[\u4e00-\u9fff]", chinese["advice"])
    found = api.get(CANCELLATIONS, {"reason": reason}).json()["results"]
    assert [each["reason"] for each in found] == [reason]
