from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from wechat_subsidies import clock, outcomes
from wechat_subsidies.admin import batch_pages
from wechat_subsidies.models import CancellationBatchItem, SubsidyCancellation
from wechat_subsidies.services import confirm_batch, work_on_batch
from wechat_subsidies.services.confirmed_items import ask_for_items

from .pages import ORDERS, batch_page, cancellation_page

pytestmark = pytest.mark.django_db


@pytest.fixture
def asked(staff, draft, make_order):
    """A confirmed batch of this many orders, as if every item had been asked for and not sent."""

    def make(*orders):
        batch = draft(*orders)
        confirm_batch(batch, confirmed_by=staff)
        return batch

    return make


def become(batch, **changes):
    """What has become of the one cancellation of a batch, without sending it."""
    ask_for_items(batch, using="default")
    rows = SubsidyCancellation.objects.filter(batch_items__batch=batch)
    is_open = changes.get("status", "pending") in {"pending", "sending"}
    rows.update(**({} if is_open else {"send_after": None}), **changes)
    return rows.get()


def shown(desk, batch, query=""):
    return desk.get(batch_page(batch) + query).content.decode()


def counts(desk, batch):
    found = desk.get(batch_page(batch)).context["progress"].counts
    return {name: count for name, count in found.items() if count}


def test_what_was_not_asked_for_yet_waits(desk, asked, make_order):
    batch = asked(make_order(), make_order())
    assert counts(desk, batch) == {"waiting": 2}
    rows = desk.get(batch_page(batch)).context["rows"]
    assert [str(row.status) for row in rows] == ["Waiting to be sent"] * 2


def test_the_pace_is_that_of_the_last_minute(desk, asked, make_order):
    batch = asked(*[make_order() for _ in range(4)])
    ask_for_items(batch, using="default")
    rows = list(SubsidyCancellation.objects.order_by("pk"))
    page = desk.get(batch_page(batch))
    assert page.context["progress"].pace == ""
    for row, seconds in zip(rows, (30, 90), strict=False):
        moment = timezone.now() - timedelta(seconds=seconds)
        SubsidyCancellation.objects.filter(pk=row.pk).update(
            status="failed", send_after=None, completed_at=moment
        )
    page = desk.get(batch_page(batch)).content.decode()
    assert "1 in the last minute, about 2 minutes left" in page
    SubsidyCancellation.objects.update(status="failed", send_after=None)
    assert "in the last minute" not in desk.get(batch_page(batch)).content.decode()


@pytest.mark.parametrize(("seconds", "due"), [(-1, 1), (1, 1), (5, 0)])
def test_what_may_be_sent_in_a_moment_is_to_be_continued_with(
    desk, asked, make_order, seconds, due
):
    batch = asked(make_order())
    become(batch, send_after=clock.now("default") + timedelta(seconds=seconds))
    assert desk.get(batch_page(batch)).context["progress"].due == due


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("pending", "waiting"),
        ("sending", "sending"),
        ("failed", "failed"),
        ("needs_review", "needs_review"),
        ("withdrawn", "withdrawn"),
    ],
)
def test_what_was_asked_for_counts_by_its_status(desk, asked, make_order, status, state):
    batch = asked(make_order())
    become(batch, status=status)
    assert counts(desk, batch) == {state: 1}


def test_what_was_refused_when_asked_for_says_why(desk, asked, make_order):
    order = make_order()
    batch = asked(order)
    order.refunds.all().delete()
    work_on_batch(batch.pk)
    assert counts(desk, batch) == {"refused": 1}
    assert "The order has no refund." in shown(desk, batch)


def test_what_was_left_out_is_not_among_the_rows_unless_asked_for(desk, asked, make_order):
    batch = asked(make_order(), make_order(number="LEFT", refunds=()))
    assert "LEFT" not in shown(desk, batch)
    assert "LEFT" in shown(desk, batch, "?state=excluded")


def test_the_rows_of_one_state_can_be_seen_alone(desk, asked, make_order):
    batch = asked(make_order(number="SENT"), make_order(number="BAD"))
    batch.items.filter(order_reference="BAD").update(status="refused", message="Gone.")
    page = shown(desk, batch, "?state=refused")
    assert "BAD" in page
    assert "SENT" not in page


def test_a_state_that_does_not_exist_shows_all(desk, asked, make_order):
    assert "N0001" in shown(desk, asked(make_order()), "?state=%3Cb%3E")


def test_a_row_says_what_happened_and_what_wechat_pay_said(desk, asked, make_order):
    batch = asked(make_order())
    cancellation = become(
        batch,
        status="failed",
        reason="invalid_request",
        error_code="INVALID_REQUEST",
        error_message="订单已分账",
        request_id="08F78BB5-1",
    )
    page = shown(desk, batch)
    assert "Refused by WeChat Pay" in page
    assert str(outcomes.INVALID_REQUEST.advice).replace("'", "&#x27;") in page
    assert "<code>INVALID_REQUEST</code> 订单已分账" in page
    assert "08F78BB5-1" in page
    assert f'href="{cancellation_page(cancellation)}"' in page


def test_what_a_person_stated_is_told_from_what_is_proven(desk, asked, make_order):
    batch = asked(make_order())
    become(batch, status="succeeded", proof="person")
    assert "Subsidy cancelled (stated by a person)" in shown(desk, batch)


@pytest.mark.parametrize("field", ["error_code", "error_message", "request_id"])
def test_markup_in_an_answer_is_text(desk, asked, make_order, field):
    batch = asked(make_order())
    become(batch, **{"status": "failed", "error_code": "X", field: "<u>hi</u>"})
    page = shown(desk, batch)
    assert "&lt;u&gt;hi&lt;/u&gt;" in page
    assert "<u>hi</u>" not in page


def test_while_something_is_due_it_can_be_sent(desk, asked, make_order):
    page = shown(desk, asked(make_order()))
    assert "Continue sending" in page
    assert "wechat_subsidies/admin/progress.js" in page


@pytest.mark.django_db(transaction=True)
def test_what_waits_for_a_later_resend_is_left_to_the_sweep(desk, asked, make_order, gateway):
    batch = asked(make_order())
    gateway.faults.add("system_error")
    answer = desk.post(batch_page(batch, "continue"), follow=True)
    page = answer.content.decode()
    assert "Continue sending" not in page
    assert "The rest is sent again by itself (process_subsidy_cancellations)." in page
    assert "not before " in page


def test_once_all_is_over_there_is_nothing_to_continue(desk, asked, make_order):
    batch = asked(make_order())
    become(batch, status="succeeded", proof="wechat")
    page = shown(desk, batch)
    assert "Continue sending" not in page
    assert "The rest is sent again by itself" not in page
    assert f'<a href="{ORDERS}">Back to the orders</a>' in page


def test_many_rows_come_in_pages(desk, asked, make_order, monkeypatch):
    monkeypatch.setattr(batch_pages, "ROWS_PER_PAGE", 2)
    batch = asked(*[make_order() for _ in range(5)])
    page = shown(desk, batch, "?p=2&state=waiting")
    assert page.count('<th scope="row">') == 2
    assert 'href="?state=waiting&amp;p=3"' in page


def test_the_number_of_queries_does_not_grow_with_the_batch(desk, asked, make_order):
    def queries(batch):
        with CaptureQueriesContext(connection) as captured:
            shown(desk, batch)
        return len(captured)

    small, large = asked(make_order()), asked(*[make_order() for _ in range(20)])
    for batch in (small, large):
        ask_for_items(batch, using="default")
    assert queries(small) == queries(large)


def test_an_order_that_is_gone_is_still_named(desk, asked, make_order):
    batch = asked(make_order(number="GONE"))
    CancellationBatchItem.objects.update(order_model="shop.Nothing")
    assert '<th scope="row">GONE</th>' in shown(desk, batch)


def test_the_permission_alone_does_not_show_how_far_others_are(colleague, asked, make_order):
    assert colleague.get(batch_page(asked(make_order()))).status_code == 404
