from datetime import UTC, datetime, timedelta

import pytest
from django.contrib import admin
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from example_project.shop.models import Order, Refund
from wechat_subsidies import clock, services
from wechat_subsidies.admin import summary
from wechat_subsidies.models import SendingPause, SubsidyCancellation
from wechat_subsidies.orders.mapped import MappedOrderAdapter
from wechat_subsidies.services import cancel_subsidy_for_order, waiting

from .conftest import staff_with
from .pages import CANCELLATIONS, INDEX, ORDERS, PAUSES, pause_page

pytestmark = pytest.mark.django_db

NOBODY = "Nobody is sending at present"


@pytest.fixture
def ask(gateway, make_order):
    """Have a cancellation wait, due for so many minutes."""

    def make(*, minutes=0, **changes):
        row = cancel_subsidy_for_order(make_order(), send="later")
        due_since = clock.now("default") - timedelta(minutes=minutes)
        SubsidyCancellation.objects.filter(pk=row.pk).update(**{"send_after": due_since, **changes})
        return row

    return make


def shown(client):
    return client.get(CANCELLATIONS).content.decode()


def pause_sub_merchant(sub_mchid):
    SendingPause.objects.create(
        mchid="1900000001",
        sub_mchid=sub_mchid,
        cause="configuration",
        reason="no_auth",
        paused_at=clock.now("default"),
    )


def limit(settings):
    settings.WECHAT_SUBSIDIES = {**settings.WECHAT_SUBSIDIES, "SCOPES": lambda request: {"north"}}


def test_what_waits_to_be_sent_leads_to_its_list_with_the_oldest(desk, ask):
    ask(asked_at=datetime(2026, 11, 23, 8, 0, 5, tzinfo=UTC))
    ask(asked_at=datetime(2026, 11, 22, 8, 0, 5, tzinfo=UTC))
    link = (
        f'<a href="{CANCELLATIONS}?status__exact=pending">Waiting to be sent <strong>2</strong>'
        ' <span class="quiet">the oldest since 2026-11-22 16:00:05</span></a>'
    )
    assert link in shown(desk)


def test_without_anything_that_waits_there_is_no_oldest(desk, gateway):
    page = shown(desk)
    assert "Waiting to be sent <strong>0</strong>" in page
    assert "the oldest since" not in page


def test_what_needs_review_leads_to_those_that_do(desk, ask):
    ask(status="needs_review", send_after=None)
    link = (
        f'<a href="{CANCELLATIONS}?status__exact=needs_review">Needs review by a person '
        "<strong>1</strong></a>"
    )
    assert link in shown(desk)


def test_nothing_is_counted_to_the_end(desk, ask, monkeypatch):
    monkeypatch.setattr(summary, "MOST", 2)
    ask(), ask(), ask()
    page = shown(desk)
    assert "Waiting to be sent <strong>more than 2</strong>" in page
    assert "the oldest since" not in page  # of some, it need not be the oldest of all


def test_pauses_that_hold_lead_to_their_pages_for_those_who_may_see_them(admin_client, gateway):
    ended = services.pause(None, reason="all")
    services.resume(None)
    pause = services.pause("default", reason="a mistake")
    page = shown(admin_client)
    assert (
        f'<a href="{pause_page(pause)}">Sending is paused <strong>default · 1900000001</strong></a>'
        in page
    )
    assert pause_page(ended) not in page


def test_pauses_that_hold_are_named_to_others(desk, gateway):
    services.pause("default", reason="a mistake")
    page = shown(desk)
    assert "default · 1900000001" in page
    assert PAUSES not in page


def test_of_many_pauses_the_first_are_named(admin_client, gateway):
    for number in range(7):
        pause_sub_merchant(f"190009990{number}")
    page = shown(admin_client)
    assert "1900099904" in page
    assert "1900099905" not in page
    assert f'<a href="{PAUSES}?state=holds">… and 2 more</a>' in page


def test_it_is_said_when_nobody_is_sending(desk, ask):
    ask(minutes=6)
    assert NOBODY in shown(desk)


def test_it_is_not_said_as_long_as_somebody_may(desk, ask):
    ask(minutes=4)
    assert NOBODY not in shown(desk)


def test_it_is_not_said_when_somebody_has_swept(desk, ask):
    ask(minutes=6)
    services.pause(None, reason="so that it stays due")
    services.process_due()
    assert NOBODY not in shown(desk)


# Where scopes restrict the request


def test_whoever_sees_a_part_sees_what_concerns_everything(desk, ask, settings):
    limit(settings)
    ask(minutes=6)
    services.pause(None, reason="all")
    page = shown(desk)
    assert NOBODY in page
    assert "everything" in page


def test_whoever_sees_a_part_is_told_of_that_part(desk, ask, settings):
    limit(settings)
    ask()
    ask(scope="north")
    ask(scope="south", status="needs_review", send_after=None)
    page = shown(desk)
    assert "Waiting to be sent <strong>1</strong>" in page
    assert "Needs review by a person <strong>0</strong>" in page


def test_whoever_an_adapter_limits_is_told_of_that_part(desk, ask, monkeypatch):
    monkeypatch.setattr(MappedOrderAdapter, "scopes", lambda adapter, request: {"north"})
    ask()
    assert "Waiting to be sent <strong>0</strong>" in shown(desk)


def test_of_orders_whose_scope_no_column_tells_nothing_is_said(desk, make_order, settings):
    limit(settings)
    make_order()
    assert "Subsidy to cancel" not in shown(desk)


def test_whoever_sees_a_part_is_not_told_of_the_sub_merchants_of_others(desk, ask, settings):
    limit(settings)
    pause_sub_merchant("1900099999")
    assert "1900099999" not in shown(desk)


# Orders


def long_ago(days=160):
    return timezone.now() - timedelta(days=days)


def figures(client):
    return {figure.label: figure for figure in client.get(INDEX).context["summary"].figures}


def test_what_is_to_be_cancelled_leads_to_those_orders_with_the_oldest(desk, gateway, make_order):
    make_order(), make_order(), make_order(refunds=())
    Refund.objects.filter(order__number="N0001").update(
        refunded_at=datetime(2026, 11, 22, 8, 0, 5, tzinfo=UTC)
    )
    link = (
        f'<a href="{ORDERS}?subsidy_state=to_cancel">Subsidy to cancel <strong>2</strong>'
        ' <span class="quiet">the oldest since 2026-11-22 16:00:05</span></a>'
    )
    assert link in desk.get(INDEX).content.decode()
    assert link in shown(desk)
    assert len(desk.get(ORDERS, {"subsidy_state": "to_cancel"}).context["cl"].result_list) == 2


def test_orders_paid_long_ago_count_until_their_subsidies_are_cancelled(desk, ask, make_order):
    ask(status="succeeded", send_after=None, proof="wechat")
    ask(status="failed", send_after=None)
    ask()
    make_order()  # nobody asked for
    Order.objects.update(paid_at=long_ago())
    make_order(paid_at=long_ago(days=149))
    label = "Paid over 150 days ago, subsidy not cancelled"
    figure = figures(desk)[label]
    assert (figure.number, figure.url) == ("3", f"{ORDERS}?subsidy_state=old")
    assert figure.is_urgent
    listed = desk.get(figure.url).context["cl"].result_list
    assert [str(order) for order in listed] == ["N0002", "N0003", "N0004"]


def test_without_orders_paid_long_ago_nothing_is_said_of_them(desk, gateway, make_order):
    make_order(paid_at=long_ago(days=149))
    assert list(figures(desk)) == [
        "Subsidy to cancel",
        "Waiting to be sent",
        "Needs review by a person",
    ]


def without(settings, *names, **more):
    mapping = settings.WECHAT_SUBSIDIES["ORDERS"]["shop.Order"]
    kept = {name: path for name, path in mapping.items() if name not in names}
    orders = {"shop.Order": {**kept, **more}}
    settings.WECHAT_SUBSIDIES = {**settings.WECHAT_SUBSIDIES, "ORDERS": orders}


def test_where_nobody_says_when_orders_were_paid_nothing_is_said_of_it(
    desk, gateway, make_order, settings
):
    without(settings, "paid_at", "refunded_at")
    make_order(paid_at=long_ago())
    assert figures(desk)["Subsidy to cancel"].note == ""
    assert len(figures(desk)) == 3
    assert "Paid over" not in desk.get(ORDERS).content.decode()
    assert not desk.get(ORDERS, {"subsidy_state": "old"}).context["cl"].result_list


def test_where_no_column_tells_what_was_refunded_nothing_is_counted(
    desk, gateway, make_order, settings
):
    without(settings, has_refund="why_no_cancellation")
    make_order()
    assert "Subsidy to cancel" not in figures(desk)


def test_of_very_many_orders_the_latest_are_looked_at(desk, gateway, make_order, monkeypatch):
    monkeypatch.setattr(waiting, "MOST", 2)
    for _ in range(3):
        make_order(paid_at=long_ago())
    assert [figure.number for figure in figures(desk).values()][:2] == ["at least 2", "at least 2"]
    assert figures(desk)["Subsidy to cancel"].note == ""


def test_who_may_not_see_orders_is_told_nothing_of_them(gateway, make_order):
    client = Client()
    client.force_login(staff_with("auditor", "view_subsidycancellation"))
    make_order()
    assert "Subsidy to cancel" not in figures(client)


def test_orders_that_the_shops_admin_does_not_show_are_not_counted(
    desk, gateway, make_order, monkeypatch
):
    make_order(), make_order()
    page = admin.site.get_model_admin(Order)
    monkeypatch.setattr(page, "get_queryset", lambda request: Order.objects.filter(number="N0001"))
    assert figures(desk)["Subsidy to cancel"].number == "1"


def test_where_the_shops_code_fails_the_rest_is_said(desk, gateway, make_order, settings, caplog):
    without(settings, queryset=failing)
    assert list(figures(desk)) == ["Waiting to be sent", "Needs review by a person"]
    assert "What is left to do of shop.Order cannot be counted." in caplog.text


def failing(request=None):
    raise ZeroDivisionError


# The page of our app


def test_whoever_may_only_pause_is_told_of_pauses_alone(gateway, make_order):
    client = Client()
    client.force_login(staff_with("operator", "pause_sending"))
    services.pause("default", reason="a mistake")
    assert client.get(INDEX).context["summary"].figures == []
    assert (
        "Sending is paused <strong>default · 1900000001</strong>"
        in client.get(INDEX).content.decode()
    )


def test_the_page_of_another_app_says_nothing(desk, make_order):
    assert "How things stand" not in desk.get("/admin/shop/").content.decode()


@pytest.mark.urls("tests.admin.two_sites")
def test_a_site_of_the_hosts_leads_to_its_own_pages(admin_client, ask):
    ask()
    figures = admin_client.get("/operations/wechat_subsidies/").context["summary"].figures
    assert {figure.url.partition("?")[0] for figure in figures} == {
        "",  # it has no page of orders
        "/operations/wechat_subsidies/subsidycancellation/",
    }


def test_the_number_of_queries_does_not_grow(desk, ask):
    def queries():
        with CaptureQueriesContext(connection) as captured:
            shown(desk)
        return len(captured)

    ask()
    services.pause("default", reason="one")
    before = queries()
    services.pause(None, reason="all")
    for _ in range(5):
        ask()
    assert queries() == before
