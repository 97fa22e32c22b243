"""docs/orders.md: mappings and adapters as shown, for the example's orders and the mall's."""

from types import SimpleNamespace
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from example_project.shop import subsidies
from tests.admin.pages import batch_page, cancellation_page
from wechat_subsidies import services
from wechat_subsidies.checks import mistakes
from wechat_subsidies.exceptions import NotEligible
from wechat_subsidies.models import SubsidyCancellation
from wechat_subsidies.orders import ReasonCode, adapter_for, find_orders
from wechat_subsidies.orders.mapped import KEYS
from wechat_subsidies.sandbox import Sandbox

from .pages import block, rows_of

PAGE = "docs/orders.md"
MAPPING = block(PAGE, holding='WECHAT_SUBSIDIES["ORDERS"]')
QUERYSET = block(PAGE, holding="def orders(request")
ADAPTER = block(PAGE, holding="class CheckoutAdapter")
AT_ONCE = block(PAGE, holding="def find_several")
SUPPORT = block(PAGE, holding="def admin_url")
SCOPES = block(PAGE, holding="def scopes")


def run(code: str, **names: Any) -> dict[str, Any]:
    names["__package__"] = "example_project.shop"  # for what it imports beside itself
    exec(compile(code, PAGE, "exec"), names)
    return names


def test_every_key_of_a_mapping_has_its_row() -> None:
    told = [
        key.strip("` ") for left, *_ in rows_of(PAGE, header="| key") for key in left.split(",")
    ]
    assert sorted(told) == sorted(KEYS)


@pytest.mark.django_db(transaction=True)
def test_a_mapping_as_shown_cancels(gateway: Sandbox, make_order, settings, monkeypatch) -> None:
    shown = run(
        MAPPING.replace("shop.subsidies.orders", "example_project.shop.subsidies.shown"),
        WECHAT_SUBSIDIES=dict(settings.WECHAT_SUBSIDIES),
    )
    monkeypatch.setattr(subsidies, "shown", run(QUERYSET)["orders"], raising=False)
    settings.DEBUG = True  # the sandbox is spoken to over plain http
    settings.WECHAT_SUBSIDIES = shown["WECHAT_SUBSIDIES"]
    assert list(mistakes()) == []
    assert services.cancel_subsidy_for_order(make_order()).status == "succeeded"


@pytest.mark.django_db
def test_the_queryset_sums_the_refunds_up(make_order) -> None:
    make_order(refunds=(300, 400))
    order = run(QUERYSET)["orders"]().get()
    assert (order.has_refund, order.refunded_fen) == (True, 700)
    assert order.latest_refund_id == order.refunds.order_by("-pk")[0].refund_id


@pytest.fixture
def checkouts(gateway: Sandbox, settings, monkeypatch) -> type:
    """The page's adapter for the mall's combined orders, whose parts have other names there."""
    from tests.hosts.mall import models, subsidies

    seller = property(lambda part: SimpleNamespace(wechat_mchid=part.sub_mchid))
    monkeypatch.setattr(models.Part, "seller", seller, raising=False)
    monkeypatch.setattr(
        models.Part, "has_refund", property(lambda part: part.refunds.exists()), raising=False
    )
    monkeypatch.setattr(models.Checkout, "is_disputed", False, raising=False)
    code = ADAPTER.replace("parts__seller__wechat_mchid", "parts__sub_mchid").replace(
        "parts__has_refund=True", "parts__refunds__isnull=False"
    )
    shown = run(code, Checkout=models.Checkout)
    monkeypatch.setattr(subsidies, "Shown", shown["CheckoutAdapter"], raising=False)
    monkeypatch.setattr(
        subsidies, "Support", run(SUPPORT, **shown)["CheckoutOfSupport"], raising=False
    )
    at_once = run(AT_ONCE.replace("parts__seller", "parts__refunds"), **shown)["CheckoutsAtOnce"]
    monkeypatch.setattr(subsidies, "AtOnce", at_once, raising=False)
    adapt(settings, "Shown")
    return models.Checkout


def adapt(settings: Any, name: str) -> None:
    """Have the mall's combined orders plugged in by this one of the page's adapters."""
    orders = {"mall.Checkout": f"tests.hosts.mall.subsidies.{name}"}
    settings.WECHAT_SUBSIDIES = {**settings.WECHAT_SUBSIDIES, "ORDERS": orders}


def refunded(checkouts: Any, number: str, transaction_id: str) -> Any:
    """A combined order with one seller's part, which was refunded."""
    checkout = checkouts.objects.create(number=number)
    part = checkout.parts.create(sub_mchid="1900000001", transaction_id=transaction_id)
    part.refunds.create(refund_id=f"R-{transaction_id}")
    return checkout


@pytest.mark.django_db(transaction=True)
def test_an_adapter_as_shown_cancels_each_part(checkouts: Any, tmp_path) -> None:
    checkout = checkouts.objects.create(number="SC1")
    for number in "12":
        part = checkout.parts.create(sub_mchid=f"190000000{number}", transaction_id=f"T{number}")
        part.refunds.create(refund_id=f"R{number}")
    batch = services.cancel_subsidies([checkout])
    services.process_due()
    assert services.may_share_profit(checkout)
    assert batch.items.count() == 2
    adapter = adapter_for(checkout)
    assert adapter.find(sub_mchid="1900000001", transaction_id="T1") == checkout
    assert list(adapter.find_by_reference("SC1")) == [checkout]
    call_command("cancel_refunded_subsidies", "--dry-run", verbosity=0)


@pytest.mark.django_db(transaction=True)
def test_an_adapter_leaves_out_what_the_shop_has_a_reason_against(
    checkouts: Any, monkeypatch
) -> None:
    checkout = refunded(checkouts, "SC1", "T1")
    monkeypatch.setattr(checkouts, "is_disputed", True)
    with pytest.raises(NotEligible, match="the order is disputed") as refused:
        services.cancel_subsidy_for_order(checkout, partial=True)
    assert refused.value.code == ReasonCode.BLOCKED == "blocked"
    monkeypatch.setattr(checkouts, "is_disputed", False)
    assert services.cancel_subsidy_for_order(checkout).status == "succeeded"


@pytest.mark.django_db
def test_many_transactions_are_looked_for_at_once(
    checkouts: Any, settings, django_assert_max_num_queries
) -> None:
    adapt(settings, "AtOnce")
    several = {
        ("1900000001", f"T{number}"): refunded(checkouts, f"SC{number}", f"T{number}")
        for number in range(9)
    }
    with django_assert_max_num_queries(3):  # checkouts, their parts, those parts' sellers
        found = find_orders([*several, ("1900000001", "T99"), ("1900000002", "T1")])
    assert {identity: order for identity, (_, order) in found.items()} == several


@pytest.mark.django_db(transaction=True)
def test_the_admin_links_to_where_staff_look_orders_up_and_loads_none(
    checkouts: Any, settings, admin_client
) -> None:
    adapt(settings, "Support")
    checkout = refunded(checkouts, "SC1", "T1")
    batch = services.cancel_subsidies([checkout])
    link = f'<a href="https://support.shop.example/checkouts/{checkout.pk}/">SC1</a>'
    for page in (batch_page(batch), cancellation_page(SubsidyCancellation.objects.get())):
        with CaptureQueriesContext(connection) as queries:
            assert link in admin_client.get(page).text
        assert not any("mall_checkout" in query["sql"] for query in queries)


@pytest.mark.parametrize(("is_superuser", "seen"), [(True, None), (False, ["7", "8"])])
def test_scopes_are_those_of_a_users_sellers(is_superuser: bool, seen: list[str] | None) -> None:
    user = SimpleNamespace(is_superuser=is_superuser)
    user.sellers = SimpleNamespace(all=lambda: [SimpleNamespace(pk=7), SimpleNamespace(pk=8)])
    assert run(SCOPES)["scopes"](SimpleNamespace(user=user)) == seen
