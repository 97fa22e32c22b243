"""The client of the API that other systems copy from the README, and the shape of an error in docs/api.md."""

import json
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
import requests
from django.contrib.auth.models import User
from django.core.handlers.wsgi import WSGIHandler
from rest_framework.test import APIClient

from tests.serving import served
from wechat_subsidies import services
from wechat_subsidies.sandbox import Sandbox

from .pages import block

PAGE = "docs/api.md"
CLIENT = block("README.md", holding="requests.Session")
ERROR = block(PAGE, language="json", holding="not_found")


@pytest.fixture
def cancel_over_http() -> Callable[..., dict[str, Any]]:
    """The README's client of the API."""
    names: dict[str, Any] = {}
    exec(compile(CLIENT, "README.md", "exec"), names)
    ask: Callable[..., dict[str, Any]] = names["cancel_subsidy"]
    return ask


@pytest.fixture
def shop(staff: User, settings: Any) -> Iterator[tuple[requests.Session, str]]:
    """A session of another system's with the shop, and the address of the API."""
    basic = "rest_framework.authentication.BasicAuthentication"
    settings.REST_FRAMEWORK = {"DEFAULT_AUTHENTICATION_CLASSES": [basic]}
    with served(WSGIHandler()) as url, requests.Session() as session:
        session.auth = ("lihua", "lihua")
        session.trust_env = False
        yield session, f"{url}/api/subsidies/"


def test_the_client_has_ten_lines() -> None:
    assert len([line for line in CLIENT.splitlines() if line]) == 10


@pytest.mark.django_db(transaction=True)
def test_the_client_asks_polls_and_is_done(
    gateway: Sandbox, make_order, shop, cancel_over_http, monkeypatch
) -> None:
    services.pause("default", reason="a look at the descriptions", paused_by=None)
    slept: list[float] = []

    def sweep_instead_of_sleeping(seconds: float) -> None:
        slept.append(seconds)
        services.resume("default")
        services.process_due()

    clock = SimpleNamespace(sleep=sweep_instead_of_sleeping)
    monkeypatch.setitem(cancel_over_http.__globals__, "time", clock)  # of the client alone
    order = make_order()
    done = cancel_over_http(*shop, order_reference=order.number)
    assert (done["status"], done["order_pk"]) == ("succeeded", str(order.pk))
    assert slept


@pytest.mark.django_db(transaction=True)
def test_the_client_stops_at_what_is_not_recorded(
    gateway: Sandbox, make_order, shop, cancel_over_http
) -> None:
    with pytest.raises(requests.HTTPError) as refusal:
        cancel_over_http(*shop, order=make_order(refunds=()).pk)
    assert refusal.value.response.json()["fields"]["order"][0]["code"] == "not_refunded"


@pytest.mark.django_db(transaction=True)
def test_an_error_has_the_shape_that_is_shown(gateway: Sandbox, staff: User) -> None:
    api = APIClient()
    api.force_login(staff)
    unknown = {"sub_mchid": "1900013401", "transaction_id": "T404"}
    answer = api.post("/api/subsidies/cancellations/", unknown, format="json")
    assert (answer.status_code, answer.json()) == (400, json.loads(ERROR))
