"""A shop's own views and its own tests, as a shop writes them."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, connections, transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.test import Client, TestCase
from django.urls import path

from example_project.shop.models import Order
from example_project.urls import urlpatterns as shop_urls
from wechat_subsidies import services
from wechat_subsidies.models import SubsidyCancellation
from wechat_subsidies.sandbox import Sandbox

IDS = {"sub_mchid": "1900013401", "transaction_id": "T1"}


def cancel(request: HttpRequest, number: str) -> HttpResponse:
    """A view that asks, like any of the shop's own."""
    row = services.cancel_subsidy_for_order(Order.objects.get(number=number))
    return JsonResponse({"recorded": row.newly_recorded})


def cancel_and_break(request: HttpRequest, number: str) -> HttpResponse:
    """The same with a mistake after it, in a transaction in any case."""
    with transaction.atomic():
        cancel(request, number)
        raise ZeroDivisionError


urlpatterns = [
    path("refunded/<number>/", cancel),
    path("broken/<number>/", cancel_and_break),
    *shop_urls,
]


@pytest.fixture(params=[False, True], ids=["autocommit", "ATOMIC_REQUESTS"])
def shop(
    request: pytest.FixtureRequest, gateway: Sandbox, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> Client:
    """A browser at the shop, with and without a transaction around each of its views."""
    for facts in (connections.settings["default"], connection.settings_dict):
        monkeypatch.setitem(facts, "ATOMIC_REQUESTS", request.param)
    settings.ROOT_URLCONF = __name__
    return Client(raise_request_exception=False)


@pytest.mark.django_db(transaction=True)
def test_a_view_of_the_shop_has_it_sent_once(
    shop: Client, gateway: Sandbox, make_order: Callable[..., Order]
) -> None:
    order = make_order()
    answers = [shop.post(f"/refunded/{order.number}/").json() for _ in range(2)]
    assert answers == [{"recorded": True}, {"recorded": False}]
    assert SubsidyCancellation.objects.get().status == "succeeded"
    assert len(gateway.calls()) == 1


@pytest.mark.django_db(transaction=True)
def test_what_a_broken_view_rolls_back_is_not_sent(
    shop: Client, gateway: Sandbox, make_order: Callable[..., Order]
) -> None:
    assert shop.post(f"/broken/{make_order().number}/").status_code == 500
    assert not SubsidyCancellation.objects.exists()
    assert gateway.calls() == []


@pytest.mark.django_db(transaction=True)
def test_the_api_answers_the_same_with_and_without_a_transaction(
    shop: Client, staff: Any, make_order: Callable[..., Order]
) -> None:
    shop.force_login(staff)
    order = make_order()
    ids = {"sub_mchid": "1900013401", "transaction_id": order.wechat_transaction_id}
    answers = [shop.post("/api/subsidies/cancellations/", ids, "application/json") for _ in "12"]
    assert [answer.status_code for answer in answers] == [201, 200]
    assert {answer.json()["status"] for answer in answers} == {"succeeded"}


@pytest.mark.django_db(transaction=True)
def test_the_admin_works_the_same_with_and_without_a_transaction(
    shop: Client, staff: Any, make_order: Callable[..., Order]
) -> None:
    shop.force_login(staff)
    page = services.draft_batch([make_order()], requested_by=staff).get_absolute_url()
    answers = [shop.post(f"{page}{step}/") for step in ("confirm", "continue")]
    assert [answer.status_code for answer in answers] == [302, 302]
    assert SubsidyCancellation.objects.get().status == "succeeded"


class RefundTests(TestCase):
    """In one transaction, as Django's tests of a shop are; docs/sandbox.md says how to have it sent."""

    @pytest.fixture(autouse=True)
    def wechat_pay(self, gateway: Sandbox) -> None:
        self.gateway = gateway

    def test_nothing_is_sent_on_its_own(self) -> None:
        assert services.cancel_subsidy(**IDS).status == "pending"
        assert self.gateway.calls() == []

    def test_what_is_captured_is_sent(self) -> None:
        with self.captureOnCommitCallbacks(execute=True):
            row = services.cancel_subsidy(**IDS)
        row.refresh_from_db()
        assert row.status == "succeeded"
        assert [call.carried_out for call in self.gateway.calls("T1")] == [True]

    def test_the_sweep_sends_as_well(self) -> None:
        services.cancel_subsidy(**IDS, send="later")
        assert services.process_due().outcomes == {"succeeded": 1}
