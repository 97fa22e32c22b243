from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from wechat_subsidies import clock, services
from wechat_subsidies.models import SendingPause, SubsidyCancellation
from wechat_subsidies.orders.mapped import MappedOrderAdapter
from wechat_subsidies.services import cancel_subsidy_for_order

from .pages import CANCELLATIONS, PAUSES, pause_page

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


def test_the_list_says_what_is_due_and_since_when(desk, ask):
    ask(minutes=3)
    ask(minutes=1)
    summary = desk.get(CANCELLATIONS).context["summary"]
    assert (summary.status.due, summary.status.oldest_due >= 180) == (2, True)
    page = shown(desk)
    assert "Due now <strong>2</strong>" in page
    assert f"the oldest since {summary.oldest_since}" in page


def test_without_anything_due_there_is_no_oldest(desk, gateway):
    page = shown(desk)
    assert "Due now <strong>0</strong>" in page
    assert "the oldest since" not in page


def test_what_needs_review_leads_to_those_that_do(desk, ask):
    ask(status="needs_review", send_after=None)
    link = '<a href="?status__exact=needs_review">Needs review by a person <strong>1</strong></a>'
    assert link in shown(desk)


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


# Where scopes restrict the request


def test_whoever_sees_a_part_sees_what_concerns_everything(desk, ask, settings):
    limit(settings)
    ask(minutes=6)
    services.pause(None, reason="all")
    page = shown(desk)
    assert NOBODY in page
    assert "everything" in page


def test_whoever_sees_a_part_sees_no_counts(desk, ask, settings):
    limit(settings)
    ask()
    page = shown(desk)
    assert "Due now" not in page
    assert "Needs review by a person <strong>" not in page


def test_whoever_an_adapter_limits_sees_no_counts(desk, ask, monkeypatch):
    monkeypatch.setattr(MappedOrderAdapter, "scopes", lambda adapter, request: {"north"})
    ask()
    assert "Due now" not in shown(desk)


def test_whoever_sees_a_part_is_not_told_of_the_sub_merchants_of_others(desk, ask, settings):
    limit(settings)
    pause_sub_merchant("1900099999")
    assert "1900099999" not in shown(desk)


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
