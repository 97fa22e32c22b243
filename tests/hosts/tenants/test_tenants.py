"""Tenants who must not know of each other, at every door of the API and the admin."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from wechat_subsidies import services
from wechat_subsidies.models import SubsidyCancellation
from wechat_subsidies.sandbox import Sandbox

from ..conftest import Run
from .models import Return, Sale, Tenant
from .subsidies import ORDERS

CANCELLATIONS = "/api/subsidies/cancellations/"

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def sales(gateway: Sandbox, settings: Any) -> dict[str, Sale]:
    """A returned sale of each of two tenants, who sell under merchants of their own."""
    gateway.add_merchant(mchid="1900000002")
    settings.WECHAT_SUBSIDIES = {
        "MERCHANTS": {
            "default": gateway.merchant_settings(),
            "second": gateway.merchant_settings("1900000002"),
        },
        "ORDERS": ORDERS,
        "SCOPES": "tests.hosts.tenants.subsidies.tenants_of",
    }
    return {name: returned_sale(name) for name in ("default", "second")}


def returned_sale(name: str) -> Sale:
    tenant = Tenant.objects.create(name=name, merchant=name)
    user = User.objects.create_user(name, is_staff=True)
    user.user_permissions.set(
        Permission.objects.filter(codename__in=["cancel_subsidy", "view_subsidycancellation"])
    )
    tenant.members.add(user)
    sale = tenant.sale_set.create(number=name, sub_mchid="1", transaction_id=f"T-{name}")
    Return.objects.create(sale=sale)
    return sale


def api(name: str) -> APIClient:
    client = APIClient()
    client.force_authenticate(User.objects.get(username=name))
    return client


def identifiers(sale: Sale) -> dict[str, str]:
    return {"sub_mchid": sale.sub_mchid, "transaction_id": sale.transaction_id}


def test_each_is_sent_under_the_merchant_of_its_tenant(
    sales: dict[str, Sale], gateway: Sandbox
) -> None:
    for sale in sales.values():
        services.cancel_subsidy_for_order(sale)
    rows = SubsidyCancellation.objects.order_by("pk")
    assert list(rows.values_list("mchid", "status", "scope")) == [
        ("1900000001", "succeeded", str(sales["default"].tenant_id)),
        ("1900000002", "succeeded", str(sales["second"].tenant_id)),
    ]


@pytest.mark.parametrize("key", ["identifiers", "order", "order_reference"])
def test_a_tenant_may_ask_for_their_own_and_not_learn_of_the_others(
    sales: dict[str, Sale], key: str
) -> None:
    def body(sale: Sale) -> dict[str, Any]:
        bodies = {"order": {"order": sale.pk}, "order_reference": {"order_reference": sale.number}}
        return bodies.get(key) or identifiers(sale)

    ours, theirs = sales["default"], sales["second"]
    assert api("default").post(CANCELLATIONS, body(ours), format="json").status_code == 201
    hidden = api("default").post(CANCELLATIONS, body(theirs), format="json")
    services.cancel_subsidy_for_order(theirs)
    recorded = api("default").post(CANCELLATIONS, body(theirs), format="json")
    theirs.delete()
    never = api("default").post(CANCELLATIONS, body(theirs) | never_of(key), format="json")
    assert hidden.status_code == recorded.status_code == never.status_code == 400
    assert hidden.content == recorded.content == never.content


def never_of(key: str) -> dict[str, Any]:
    return {"order": {"order": 987}}.get(key, {})


BATCHES = "/api/subsidies/batches/"
POSTS: dict[str, dict[str, Any]] = {
    "retry/": {},
    "withdraw/": {},
    "resolve/": {"succeeded": True, "note": "seen"},
}
FILTERS = ["transaction_id=T-second", "sub_mchid=1", "order_reference=second", "status=pending"]


@pytest.fixture
def rows(sales: dict[str, Sale]) -> dict[str, SubsidyCancellation]:
    """A cancellation of each tenant's that waits."""
    return {
        name: services.cancel_subsidy_for_order(sale, send="later") for name, sale in sales.items()
    }


@pytest.mark.parametrize("path", ["", *POSTS])
def test_a_tenant_does_nothing_to_the_cancellation_of_another(
    rows: dict[str, SubsidyCancellation], path: str
) -> None:
    codenames = ["cancel_subsidy", "resolve_cancellation", "view_subsidycancellation"]
    user = User.objects.get(username="default")
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))

    def call(key: int) -> Any:
        url = f"{CANCELLATIONS}{key}/{path}"
        client = api("default")
        return client.post(url, POSTS[path], format="json") if path else client.get(url)

    hidden, never = call(rows["second"].pk), call(987)
    assert (hidden.status_code, hidden.content) == (404, never.content)
    assert call(rows["default"].pk).status_code != 404
    assert SubsidyCancellation.objects.get(pk=rows["second"].pk).status == "pending"


@pytest.mark.parametrize("query", FILTERS)
def test_no_filter_tells_of_the_rows_of_another(
    rows: dict[str, SubsidyCancellation], query: str
) -> None:
    before = api("default").get(f"{CANCELLATIONS}?{query}").content
    scope = rows["second"].scope
    assert api("default").get(f"{CANCELLATIONS}?scope={scope}").json()["results"] == []
    SubsidyCancellation.objects.filter(pk=rows["second"].pk).delete()
    assert api("default").get(f"{CANCELLATIONS}?{query}").content == before


@pytest.mark.parametrize("key", ["identifiers", "order", "order_reference", "orders"])
def test_an_item_of_a_batch_tells_nothing_of_another(sales: dict[str, Sale], key: str) -> None:
    ours, theirs = sales["default"], sales["second"]

    def asked() -> Any:
        if key == "orders":
            body: dict[str, Any] = {"orders": [ours.pk, theirs.pk]}
        else:
            ways = {
                "identifiers": identifiers,
                "order": lambda sale: {"order": sale.pk},
                "order_reference": lambda sale: {"order_reference": sale.number},
            }
            body = {"items": [ways[key](ours), ways[key](theirs)]}
        return api("default").post(BATCHES, {**body, "draft": True}, format="json").json()

    hidden = asked()
    services.cancel_subsidy_for_order(theirs, send="later")
    recorded = asked()
    Sale.objects.filter(pk=theirs.pk).delete()
    SubsidyCancellation.objects.all().delete()
    never = asked()
    for each in (hidden, recorded):
        assert each["items"] == never["items"]
        assert each["item_counts"] == never["item_counts"]
        assert each["cancellation_counts"] == never["cancellation_counts"]
    assert [each["code"] for each in never["items"]] == ["", "not_found"]


@pytest.mark.parametrize("path", ["", "items/", "confirm/", "stop/"])
def test_a_batch_of_another_tenant_does_not_exist(sales: dict[str, Sale], path: str) -> None:
    """Not even for staff who may see everybody's batches."""
    user = User.objects.get(username="default")
    user.user_permissions.set(
        Permission.objects.filter(codename__in=["cancel_subsidy", "view_all_batches"])
    )
    body = {"orders": [sales["second"].pk], "draft": True}
    theirs = api("second").post(BATCHES, body, format="json").json()

    def call(key: int) -> Any:
        url, client = f"{BATCHES}{key}/{path}", api("default")
        posts = {"confirm/": {}, "stop/": {"note": "x"}}
        return client.post(url, posts[path], format="json") if path in posts else client.get(url)

    hidden, never = call(theirs["id"]), call(987)
    assert (hidden.status_code, hidden.content) == (404, never.content)
    assert api("default").get(BATCHES).json()["results"] == []
    assert api("default").get(f"{CANCELLATIONS}?batch={theirs['id']}").json()["results"] == []
    assert api("second").get(theirs["url"]).json()["status"] == "draft"


def test_a_key_of_another_tenant_tells_nothing(sales: dict[str, Sale]) -> None:
    key = {"HTTP_IDEMPOTENCY_KEY": "same"}
    theirs = api("second").post(CANCELLATIONS, identifiers(sales["second"]), format="json", **key)
    ours = api("default").post(CANCELLATIONS, identifiers(sales["default"]), format="json", **key)
    assert theirs.status_code == ours.status_code == 201
    assert "Idempotent-Replayed" not in ours


@pytest.mark.parametrize("step", ["batch", "export", "confirm", "renew", "retry", "stop"])
def test_nor_does_it_in_the_admin(sales: dict[str, Sale], step: str) -> None:
    user = User.objects.get(username="default")
    user.user_permissions.add(Permission.objects.get(codename="view_all_batches"))
    theirs = User.objects.get(username="second")
    batch = services.draft_batch([sales["second"]], requested_by=theirs)
    desk = Client()
    desk.force_login(user)
    page = reverse(f"admin:wechat_subsidies_cancellationbatch_{step}", args=[batch.pk])
    ask = desk.get if step in ("batch", "export") else desk.post
    assert ask(page).status_code == 404
    assert services.confirm_batch(batch, confirmed_by=theirs)
    listed = desk.get(reverse("admin:wechat_subsidies_cancellationbatch_changelist"))
    assert batch.get_absolute_url() not in listed.content.decode()


def test_a_batch_of_a_tenant_who_moved_is_no_longer_theirs(sales: dict[str, Sale]) -> None:
    user = User.objects.get(username="default")
    body = {"orders": [sales["default"].pk], "draft": True}
    batch = api("default").post(BATCHES, body, format="json").json()
    user.tenant_set.set([sales["second"].tenant])
    assert api("default").get(batch["url"]).status_code == 404


def test_lists_and_pages_have_what_is_the_tenants_own(sales: dict[str, Sale]) -> None:
    rows = {name: services.cancel_subsidy_for_order(sale) for name, sale in sales.items()}
    shown = api("default").get(CANCELLATIONS).json()["results"]
    assert [each["id"] for each in shown] == [rows["default"].pk]
    assert api("default").get(f"{CANCELLATIONS}{rows['second'].pk}/").status_code == 404
    client = Client()
    client.force_login(User.objects.get(username="default"))
    page = "/admin/wechat_subsidies/subsidycancellation/"
    listed = client.get(page).content.decode()
    assert "T-default" in listed
    assert "T-second" not in listed
    assert client.get(f"{page}{rows['second'].pk}/change/").status_code != 200


def sent(gateway: Sandbox) -> set[tuple[str, str]]:
    """Which merchant has called for which transaction."""
    return {(call.mchid, call.transaction_id) for call in gateway.calls()}


EACH_BY_ITS_OWN = {("1900000001", "T-default"), ("1900000002", "T-second")}


def test_cron_waits_for_a_yes_where_the_shop_knows_no_amounts_and_keeps_tenants_apart(
    sales: dict[str, Sale], gateway: Sandbox, run: Run
) -> None:
    said = run("cancel_refunded_subsidies")
    assert said[0] == "There was nothing to ask for."
    assert said[1].startswith("2 left out: ")
    assert said[1].endswith("With --partial they are asked for, too.")
    Tenant.objects.get(name="second").sale_set.create(number="kept", transaction_id="T-kept")
    assert run("cancel_refunded_subsidies", "--partial")[0].startswith("2 asked for")
    services.process_due()
    assert sent(gateway) == EACH_BY_ITS_OWN


def test_a_file_is_asked_for_under_the_merchant_of_each_tenant(
    sales: dict[str, Sale], gateway: Sandbox, ask_by_file: Run
) -> None:
    lines = ["order_reference", "default", "second"]
    for merchant, line in (("second", 2), ("default", 3)):
        (said, _) = ask_by_file(*lines, options=("--merchant", merchant))
        assert said.startswith(f"Line {line}: The order belongs to the merchant ")
    assert ask_by_file(*lines)[0].startswith("2 asked for")
    services.process_due()
    assert sent(gateway) == EACH_BY_ITS_OWN


def test_stopping_a_tenants_batch_is_theirs_and_leaves_the_others_alone(
    sales: dict[str, Sale],
) -> None:
    batches = {
        name: services.cancel_subsidies(
            [sale], requested_by=User.objects.get(username=name), send="later"
        )
        for name, sale in sales.items()
    }
    services.pause(None, reason="the workers are being set up")
    services.process_due()  # asks for what the batches hold
    client = Client()
    client.force_login(User.objects.get(username="default"))
    pages = {name: f"{batch.get_absolute_url()}stop/" for name, batch in batches.items()}
    assert client.post(pages["second"], {"note": "theirs"}).status_code == 404
    assert client.post(pages["default"], {"note": "ours"}).status_code == 302
    rows = SubsidyCancellation.objects.order_by("transaction_id")
    assert list(rows.values_list("transaction_id", "status")) == [
        ("T-default", "withdrawn"),
        ("T-second", "pending"),
    ]


def test_workers_send_under_the_merchant_of_each_tenant(
    sales: dict[str, Sale], workers: None, gateway: Sandbox
) -> None:
    services.pause("second", reason="its refunds are being counted")
    services.cancel_subsidies(list(sales.values()))
    assert sent(gateway) == {("1900000001", "T-default")}
    services.resume("second")
    services.process_due()
    assert sent(gateway) == EACH_BY_ITS_OWN
