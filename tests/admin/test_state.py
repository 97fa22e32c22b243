"""What the shop's own list of orders says of their subsidies."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin import AdminSite
from django.contrib.admin.views.main import ChangeList
from django.contrib.auth.models import User
from django.db import connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from example_project.shop.models import Order, Seller
from tests.hosts.mall.models import Checkout, PartRefund
from wechat_subsidies.admin import CancelSubsidiesMixin, SubsidyStateFilter, SubsidyStateMixin
from wechat_subsidies.admin.state import cell
from wechat_subsidies.models import SubsidyCancellation
from wechat_subsidies.orders import Target
from wechat_subsidies.services import cancel_subsidy, cancel_subsidy_for_order
from wechat_subsidies.services.subsidy_states import SubsidyState, TransactionState

from .pages import CANCELLATIONS, INDEX, ORDERS, cancellation_page

pytestmark = pytest.mark.django_db

CONDITIONS: dict[str, dict[str, Any]] = {
    "pending": {"send_after": timezone.now()},
    "sending": {"send_after": timezone.now()},
    "succeeded": {"send_after": None, "proof": "wechat"},
    "failed": {"send_after": None},
    "needs_review": {"send_after": None},
    "withdrawn": {"send_after": None},
}
LABELS = {
    "pending": "In progress",
    "sending": "In progress",
    "succeeded": "Subsidy cancelled",
    "failed": "Refused",
    "needs_review": "Awaiting review",
}


@pytest.fixture
def asked(gateway, make_order):
    """Have an order with a cancellation in that status."""

    def make(status, *, order=None, **changes):
        row = cancel_subsidy_for_order(order or make_order(), send="later")
        values = {"status": status, **CONDITIONS[status], **changes}
        SubsidyCancellation.objects.filter(pk=row.pk).update(**values)
        return row

    return make


def column(client, url=ORDERS, **params):
    """What the column shows, by order."""
    found = client.get(url, params).context["cl"]
    assert "subsidy_state" in found.list_display
    return {str(order): found.model_admin.subsidy_state(order) for order in found.result_list}


def listed(client, state, url=ORDERS):
    return sorted(column(client, url, subsidy_state=state))


# The column


@pytest.mark.parametrize("status", LABELS)
def test_the_column_says_what_became_of_the_subsidy_and_leads_there(desk, asked, status):
    row = asked(status)
    (shown,) = column(desk).values()
    assert f'<a href="{cancellation_page(row)}">{LABELS[status]}</a>' in shown


def test_an_order_that_nobody_asked_for_is_to_be_cancelled(desk, make_order):
    make_order()
    (shown,) = column(desk).values()
    assert shown == '<span class="subsidy-state subsidy-to-cancel">Subsidy to cancel</span>'


def test_a_withdrawn_cancellation_counts_as_none_and_can_be_looked_at(desk, asked):
    row = asked("withdrawn")
    (shown,) = column(desk).values()
    assert f'<a href="{cancellation_page(row)}">Subsidy to cancel</a>' in shown
    assert "Withdrawn" in shown


def test_what_a_person_stated_is_told_from_what_wechat_pay_has_proven(desk, asked):
    asked("succeeded", proof="person")
    (shown,) = column(desk).values()
    assert "stated by a person" in shown


def test_an_order_without_refund_has_nothing_but_the_reason_as_a_title(desk, make_order):
    make_order(refunds=())
    (shown,) = column(desk).values()
    assert shown == (
        '<span class="quiet" title="The order has no refund. WeChat Pay cancels a subsidy only after '
        'a refund.">–</span>'
    )


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"subsidy_fen": 0}, "该订单没有补差"),  # the shop's own
        ({"wechat_transaction_id": ""}, "no transaction ID"),
    ],
)
def test_an_order_that_is_not_to_be_cancelled_says_why(desk, make_order, fields, words):
    make_order(**fields)
    (shown,) = column(desk).values()
    assert shown.startswith('<span class="quiet"')
    assert f">{words}</span>" in shown


def test_a_partly_refunded_order_is_to_be_cancelled_and_said_to_be_so(desk, make_order):
    make_order(refunds=(300,))
    (shown,) = column(desk).values()
    assert "Subsidy to cancel" in shown
    assert "partly refunded" in shown


def test_a_partly_refunded_order_is_not_where_the_shop_refuses_those(desk, make_order, settings):
    settings.WECHAT_SUBSIDIES = {**settings.WECHAT_SUBSIDIES, "PARTIAL_REFUNDS": "refuse"}
    make_order(refunds=(300,))
    (shown,) = column(desk).values()
    assert "Subsidy to cancel" not in shown
    assert ">partly refunded</span>" in shown
    assert listed(desk, "to_cancel") == []


def test_an_order_in_which_the_shops_code_fails_is_logged_and_stops_no_other(
    desk, make_order, monkeypatch, caplog
):
    bad, good = make_order(), make_order()
    usual = Order.why_no_cancellation
    monkeypatch.setattr(
        Order, "why_no_cancellation", lambda order: usual(order) if order.pk == good.pk else 1 / 0
    )
    shown = column(desk)
    assert ">–</span>" in shown[str(bad)]
    assert "Subsidy to cancel" in shown[str(good)]
    assert "ZeroDivisionError" in caplog.text


def failing(request=None):
    raise ZeroDivisionError


def test_orders_that_cannot_be_loaded_are_logged_and_listed_with_what_is_recorded(
    desk, asked, make_order, settings, caplog
):
    refused, untouched = asked("failed").order_reference, str(make_order())
    mapping = settings.WECHAT_SUBSIDIES["ORDERS"]["shop.Order"]
    broken = {"shop.Order": {**mapping, "queryset": failing}}
    settings.WECHAT_SUBSIDIES = {**settings.WECHAT_SUBSIDIES, "ORDERS": broken}
    shown = column(desk)
    assert "Refused" in shown[refused]
    assert shown[untouched] is None
    assert "Orders of shop.Order cannot be loaded." in caplog.text


def test_what_was_asked_for_by_identifiers_alone_is_known_to_its_order(
    desk, gateway, make_order, settings
):
    order, whole = make_order(), settings.WECHAT_SUBSIDIES
    settings.WECHAT_SUBSIDIES = {**whole, "ORDERS": {}}
    cancel_subsidy(
        sub_mchid=order.seller.wechat_mchid,
        transaction_id=order.wechat_transaction_id,
        send="later",
    )
    settings.WECHAT_SUBSIDIES = whole
    (shown,) = column(desk).values()
    assert "In progress" in shown


def test_what_was_cancelled_stays_said_when_the_order_has_another_transaction(desk, asked):
    asked("succeeded")
    Order.objects.update(wechat_transaction_id="")
    (shown,) = column(desk).values()
    assert "Subsidy cancelled" in shown


def test_text_of_the_shop_is_escaped(desk, make_order, monkeypatch):
    monkeypatch.setattr(Order, "why_no_cancellation", lambda order: '<b>"no"</b>')
    make_order()
    (shown,) = column(desk).values()
    assert "<b>" not in shown
    assert "&lt;b&gt;&quot;no&quot;" in shown


def test_for_who_may_not_see_cancellations_the_state_leads_nowhere(onlooker, asked):
    asked("failed")
    (shown,) = column(onlooker).values()
    assert "Refused" in shown
    assert "<a" not in shown


def target(**moments):
    return Target(sub_mchid="1", transaction_id="2", has_refund=True, **moments)


@pytest.mark.parametrize("use_tz", [True, False])
def test_an_order_paid_long_ago_says_for_how_many_days(settings, use_tz):
    settings.USE_TZ = use_tz
    long_ago = datetime.now(UTC) - timedelta(days=163, hours=1)
    each = TransactionState(state=SubsidyState.TO_CANCEL, target=target(paid_at=long_ago))
    assert "paid 163 days ago" in cell([each], link=lambda rows: "")
    recent = TransactionState(
        state=SubsidyState.TO_CANCEL, target=target(paid_at=datetime.now(UTC))
    )
    assert "paid" not in cell([recent], link=lambda rows: "")
    done = TransactionState(state=SubsidyState.CANCELLED, target=target(paid_at=long_ago))
    assert "paid" not in cell([done], link=lambda rows: "")


def test_orders_paid_long_ago_are_told_where_use_tz_is_off(desk, make_order, settings):
    settings.USE_TZ = False
    old = make_order(paid_at=timezone.now() - timedelta(days=163, hours=1))
    make_order(paid_at=timezone.now())
    assert list(column(desk, subsidy_state="old")) == [old.number]
    assert "paid 163 days ago" in column(desk)[old.number]
    assert desk.get(INDEX).status_code == 200


def test_states_that_differ_are_counted_the_most_urgent_first(desk, gateway, settings):
    checkout = checkout_of(settings, parts=4)
    ask_for_parts(checkout, "succeeded", "failed", "succeeded")
    shown = state_of_checkout(checkout)
    words = ["Refused</a></span> 1", "Subsidy to cancel</span> 1", "Subsidy cancelled</a></span> 2"]
    places = [shown.index(each) for each in words]
    assert places == sorted(places)
    several = f"{CANCELLATIONS}?order_model__exact=mall.Checkout&amp;order_pk__exact={checkout.pk}"
    assert f'<a href="{several}">Subsidy cancelled</a>' in shown


def test_a_state_that_all_transactions_share_is_not_counted(desk, gateway, settings):
    checkout = checkout_of(settings, parts=2)
    ask_for_parts(checkout, "failed", "failed")
    assert state_of_checkout(checkout).endswith("Refused</a></span>")


def checkout_of(settings, *, parts):
    settings.WECHAT_SUBSIDIES = {
        **settings.WECHAT_SUBSIDIES,
        "ORDERS": {"mall.Checkout": "tests.hosts.mall.subsidies.CheckoutAdapter"},
    }
    checkout = Checkout.objects.create(number=f"C{Checkout.objects.count()}")
    for number in range(parts):
        part = checkout.parts.create(
            sub_mchid="1900013401", transaction_id=f"M{checkout.pk.hex[:8]}{number}"
        )
        PartRefund.objects.create(part=part, refund_id=f"R{number}")
    return checkout


def ask_for_parts(checkout, *statuses):
    for part, status in zip(checkout.parts.order_by("pk"), statuses, strict=False):
        row = cancel_subsidy(
            sub_mchid=part.sub_mchid, transaction_id=part.transaction_id, send="later"
        )
        values = {"status": status, **CONDITIONS[status]}
        SubsidyCancellation.objects.filter(pk=row.pk).update(**values)


class CheckoutAdmin(SubsidyStateMixin, admin.ModelAdmin):
    pass


def list_of(model_admin, user=None, **params):
    request = RequestFactory().get("/", params)
    request.user = user or User.objects.get_or_create(username="root", is_superuser=True)[0]
    return model_admin.get_changelist_instance(request)


def state_of_checkout(checkout):
    checkouts = CheckoutAdmin(Checkout, admin.site)
    (order,) = [each for each in list_of(checkouts).result_list if each.pk == checkout.pk]
    return checkouts.subsidy_state(order)


# The filter


@pytest.mark.parametrize(
    ("state", "statuses"),
    [
        ("to_cancel", ["withdrawn"]),
        ("in_progress", ["pending", "sending"]),
        ("cancelled", ["succeeded"]),
        ("refused", ["failed"]),
        ("needs_review", ["needs_review"]),
    ],
)
@pytest.mark.parametrize("few", [5000, -1])  # looked up by key, and by a sub-query
def test_the_filter_lists_the_orders_in_that_state(desk, asked, monkeypatch, state, statuses, few):
    monkeypatch.setattr("wechat_subsidies.services.waiting.FEW", few)
    references = {status: asked(status).order_reference for status in CONDITIONS}
    assert listed(desk, state) == sorted(references[status] for status in statuses)


def test_to_cancel_are_those_that_nobody_asked_for(desk, make_order):
    left = make_order()
    make_order(refunds=())
    make_order(wechat_transaction_id="")
    assert listed(desk, "to_cancel") == [str(left)]


def test_what_is_no_state_filters_nothing(desk, make_order):
    order = make_order()
    assert listed(desk, "nonsense") == [str(order)]


@pytest.mark.parametrize("few", [5000, -1])
def test_keys_that_are_uuids_are_found_on_every_database(gateway, settings, monkeypatch, few):
    monkeypatch.setattr("wechat_subsidies.services.waiting.FEW", few)
    refused, untouched = checkout_of(settings, parts=1), checkout_of(settings, parts=1)
    ask_for_parts(refused, "failed")
    checkouts = CheckoutAdmin(Checkout, admin.site)
    assert list(list_of(checkouts, subsidy_state="refused").result_list) == [refused]
    assert list(list_of(checkouts, subsidy_state="to_cancel").result_list) == [untouched]


def test_the_facets_of_the_filter_count(desk, asked, make_order):
    asked("failed")
    make_order()
    found = desk.get(ORDERS, {"_facets": "1"}).content.decode()
    assert "Refused (1)" in found
    assert "Subsidy to cancel (1)" in found


class UnmappedAdmin(SubsidyStateMixin, admin.ModelAdmin):
    pass


def test_orders_that_are_not_mapped_are_listed_without_filter_and_state(gateway, caplog):
    Seller.objects.create(name="茶馆")
    sellers = UnmappedAdmin(Seller, admin.site)
    page = list_of(sellers)
    assert [sellers.subsidy_state(each) for each in page.result_list] == [None]
    assert not page.filter_specs
    assert "has no entry for shop.Seller" in caplog.text


# Where it is placed


def test_column_and_filter_are_put_last():
    class OrderAdmin(SubsidyStateMixin, admin.ModelAdmin):
        list_display = ("number",)
        list_filter = ("seller",)

    made = OrderAdmin(Order, AdminSite())
    assert made.list_display == ["number", "subsidy_state"]
    assert made.list_filter == ["seller", SubsidyStateFilter]
    assert (OrderAdmin.list_display, OrderAdmin.list_filter) == (("number",), ("seller",))


def test_the_host_may_place_them():
    class OrderAdmin(SubsidyStateMixin, admin.ModelAdmin):
        list_display = ("subsidy_state", "number")
        list_filter = ("subsidy_state", "seller")

    made = OrderAdmin(Order, admin.site)
    assert made.list_display == ("subsidy_state", "number")
    assert made.list_filter == [SubsidyStateFilter, "seller"]
    assert made.check() == []


@pytest.mark.parametrize(
    "bases",
    [
        (SubsidyStateMixin, CancelSubsidiesMixin, admin.ModelAdmin),
        (CancelSubsidiesMixin, SubsidyStateMixin, admin.ModelAdmin),
    ],
)
def test_the_two_mixins_may_come_in_either_order(bases):
    made = type("OrderAdmin", bases, {})(Order, admin.site)
    assert "subsidy_state" in made.list_display
    assert made.actions == ["cancel_subsidies"]
    assert made.check() == []


class OwnList(ChangeList):
    pass


class OwnKindOfList(admin.ModelAdmin):
    def get_changelist(self, request, **kwargs):
        return OwnList


def test_the_hosts_own_kind_of_list_is_kept(gateway, make_order):
    orders = type("OrderAdmin", (SubsidyStateMixin, OwnKindOfList), {})(Order, admin.site)
    make_order()
    page = list_of(orders)
    assert isinstance(page, OwnList)
    assert "Subsidy to cancel" in orders.subsidy_state(page.result_list[0])


class WithState(SubsidyStateMixin, admin.ModelAdmin):
    readonly_fields = ["subsidy_state"]


def test_an_orders_own_page_may_show_the_state(asked, staff):
    row = asked("failed")
    orders = WithState(Order, admin.site)
    request = RequestFactory().get("/")
    request.user = staff
    order = orders.get_object(request, row.order_pk)
    assert f'<a href="{cancellation_page(row)}">Refused</a>' in orders.subsidy_state(order)


def test_what_is_listed_and_edited_keeps_its_state(asked, gateway):
    class Editable(SubsidyStateMixin, admin.ModelAdmin):
        list_display = ["number", "title"]
        list_editable = ["title"]

    asked("failed")
    orders = Editable(Order, admin.site)
    request = RequestFactory().get("/")
    request.user = User.objects.create_superuser("root")
    assert "Refused" in orders.changelist_view(request).rendered_content


# However many orders


def count_queries(client, number, make_order, asked, **params):
    while Order.objects.count() < number:
        make_order()
    for order in Order.objects.order_by("?")[: number // 2]:
        asked("failed", order=order)
    with CaptureQueriesContext(connection) as captured:
        client.get(ORDERS, params)
    return len(captured)


@pytest.mark.parametrize("state", ["", "refused", "to_cancel"])
def test_a_page_costs_the_same_queries_with_10_orders_and_with_100(desk, make_order, asked, state):
    params = {"subsidy_state": state} if state else {}
    few = count_queries(desk, 10, make_order, asked, **params)
    assert count_queries(desk, 100, make_order, asked, **params) == few
