import pytest
from django.contrib import admin
from django.contrib.admin import AdminSite
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext

from example_project.shop.models import Order, Refund
from example_project.shop.subsidies import orders
from wechat_subsidies.admin import CancelSubsidiesMixin, register
from wechat_subsidies.models import CancellationBatch

from .conftest import staff_with
from .pages import ORDERS, batch_page
from .two_sites import operations, without_our_pages

pytestmark = pytest.mark.django_db


def run_action(client, *orders, **more):
    data = {"action": "cancel_subsidies", "_selected_action": [order.pk for order in orders]}
    return client.post(ORDERS, {**data, **more})


def test_the_action_drafts_a_batch_of_the_selected_orders_and_goes_to_its_page(desk, make_order):
    selected, _other = make_order(), make_order()
    answer = run_action(desk, selected)
    batch = CancellationBatch.objects.get()
    assert (answer.status_code, answer.url) == (302, batch_page(batch))
    assert [item.order_pk for item in batch.items.all()] == [str(selected.pk)]


def test_the_draft_says_who_asked_and_through_which_door(desk, make_order):
    run_action(desk, make_order())
    batch = CancellationBatch.objects.get()
    assert (batch.requested_by_name, batch.source) == ("lihua", "admin")


def test_the_action_takes_all_pages_at_once(desk, make_order):
    made = [make_order() for _ in range(105)]
    run_action(desk, made[0], select_across="1")
    assert CancellationBatch.objects.get().items.count() == 105


def add_orders(count, *, like):
    """More orders, fully refunded like this one."""
    before = Order.objects.count()
    values = [(f"M{before + each:05}", f"43000000{before + each:020}") for each in range(count)]
    made = Order.objects.bulk_create(
        Order(
            number=number,
            seller=like.seller,
            title="",
            wechat_transaction_id=transaction_id,
            paid_fen=1000,
            subsidy_fen=200,
        )
        for number, transaction_id in values
    )
    orders = Order.objects.filter(number__in=[order.number for order in made])
    Refund.objects.bulk_create(
        Refund(order=order, refund_id=f"50{order.number}", fen=1000) for order in orders
    )


def test_the_action_takes_10_000_orders_with_a_few_queries_for_every_500(desk, make_order):
    first = make_order()
    counts = []
    for more in (999, 1000, 8000):
        add_orders(more, like=first)
        with CaptureQueriesContext(connection) as captured:
            assert run_action(desk, first, select_across="1").status_code == 302
        counts.append(len(captured))
    batch = CancellationBatch.objects.first()
    assert batch.items.filter(status="draft").count() == 10_000
    per_500 = (counts[1] - counts[0]) / 2
    assert counts[2] - counts[1] == 16 * per_500


def test_from_the_action_to_the_preview_500_orders_take_as_many_queries_as_100(desk, make_order):
    first = make_order()
    counts = []
    for more in (99, 400):
        add_orders(more, like=first)
        with CaptureQueriesContext(connection) as captured:
            answer = desk.get(run_action(desk, first, select_across="1").url)
        assert answer.context["preview"].to_send.count == Order.objects.count()
        # SQLite takes more than one INSERT for the items of a chunk.
        counts.append(sum(not each["sql"].startswith("INSERT") for each in captured))
    assert counts[0] == counts[1]


def test_orders_have_to_be_the_shops_adapters_and_the_order_admins(
    desk, make_order, settings, monkeypatch
):
    both, of_the_admin, of_the_adapter = make_order(), make_order(), make_order()
    mapping = settings.WECHAT_SUBSIDIES["ORDERS"]["shop.Order"]
    settings.WECHAT_SUBSIDIES = {
        **settings.WECHAT_SUBSIDIES,
        "ORDERS": {"shop.Order": {**mapping, "queryset": without_the_second}},
    }
    page = admin.site.get_model_admin(Order)
    monkeypatch.setattr(
        page, "get_queryset", lambda request: orders(request).exclude(pk=of_the_adapter.pk)
    )
    run_action(desk, both, of_the_admin, of_the_adapter)
    items = CancellationBatch.objects.get().items.values_list("order_pk", "status", "code")
    assert list(items) == [
        (str(both.pk), "draft", ""),
        (str(of_the_admin.pk), "excluded", "not_found"),
    ]


def without_the_second(request=None):
    return orders(request).exclude(number="N0002")


def test_the_action_is_offered_to_those_who_may_cancel_subsidies(desk, make_order):
    make_order()
    assert b'value="cancel_subsidies"' in desk.get(ORDERS).content


def test_the_action_is_not_offered_to_others(onlooker, make_order):
    make_order()
    answer = onlooker.get(ORDERS)
    assert answer.status_code == 200
    assert b"cancel_subsidies" not in answer.content


@pytest.mark.parametrize(
    "others", [[], ["delete_order"]]
)  # with and without actions of another kind
def test_the_action_cannot_be_run_by_posting_its_name(make_order, others):
    client = Client()
    client.force_login(staff_with("onlooker", "view_order", "change_order", *others))
    run_action(client, make_order())
    assert not CancellationBatch.objects.exists()


def test_the_action_itself_refuses_those_who_may_not(make_order):
    request = RequestFactory().post(ORDERS)
    request.user = User.objects.create_user("onlooker", is_staff=True)
    page = admin.site.get_model_admin(Order)
    with pytest.raises(PermissionDenied):
        page.cancel_subsidies(request, Order.objects.all())
    assert not CancellationBatch.objects.exists()


class WithOwnAction(CancelSubsidiesMixin, admin.ModelAdmin):
    actions = ("mark_as_seen",)

    def mark_as_seen(self, request, queryset): ...


class WithoutActions(CancelSubsidiesMixin, admin.ModelAdmin):
    actions = None


def test_actions_of_the_host_stay_beside_it():
    assert WithOwnAction(Order, AdminSite()).actions == ["mark_as_seen", "cancel_subsidies"]
    assert WithOwnAction.actions == ("mark_as_seen",)


def test_a_host_may_switch_all_actions_off():
    assert WithoutActions(Order, AdminSite()).actions is None


def test_the_hosts_admin_passes_djangos_checks():
    assert WithOwnAction(Order, admin.site).check() == []


def cancel_on(site: AdminSite, user: User) -> str:
    page = type("OrderAdmin", (CancelSubsidiesMixin, admin.ModelAdmin), {})(Order, site)
    request = RequestFactory().post("/")
    request.user = user
    return page.cancel_subsidies(request, Order.objects.all()).url


@pytest.mark.urls("tests.admin.two_sites")
def test_a_site_without_our_pages_leads_to_the_default_one(staff, make_order):
    make_order()
    url = cancel_on(without_our_pages, staff)
    assert url == batch_page(CancellationBatch.objects.get())


@pytest.mark.urls("tests.admin.two_sites")
def test_a_site_with_our_pages_keeps_its_staff(staff, make_order):
    make_order()
    url = cancel_on(operations, staff)
    assert (
        url
        == f"/operations/wechat_subsidies/cancellationbatch/{CancellationBatch.objects.get().pk}/"
    )
    client = Client()
    client.force_login(staff)
    answer = client.get(url)
    assert b'href="/operations/wechat_subsidies/cancellationbatch/"' in answer.content
    assert b'action="/operations/wechat_subsidies/cancellationbatch/' in answer.content


@pytest.mark.urls("tests.admin.no_pages")
def test_where_no_site_has_our_pages_nothing_is_drafted_and_it_is_said_who_can_help(
    desk, make_order
):
    order = make_order()
    data = {"action": "cancel_subsidies", "_selected_action": [order.pk]}
    answer = desk.post("/depot/shop/order/", data, follow=True)
    assert "wechat_subsidies.admin.register(site)" in answer.content.decode()
    assert "Subsidy to cancel" in answer.content.decode()
    assert not CancellationBatch.objects.exists()


def test_our_pages_can_be_put_on_another_site():
    site = AdminSite(name="operations")
    register(site)
    assert site.is_registered(CancellationBatch)
