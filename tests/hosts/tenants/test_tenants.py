"""Tenants who must not know of each other, at every door of the API and the admin."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from rest_framework.test import APIClient

from wechat_subsidies import services
from wechat_subsidies.models import SubsidyCancellation
from wechat_subsidies.sandbox import Sandbox

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
