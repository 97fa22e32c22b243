"""The action on an order's own page, which Django offers from 6.1 on."""

import django
import pytest
from django.contrib.admin import helpers
from django.contrib.admin.models import LogEntry
from django.test import Client

from wechat_subsidies.models import CancellationBatch

from .conftest import staff_with
from .pages import ORDERS, batch_page

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(django.VERSION < (6, 1), reason="Django offers it from 6.1 on"),
]

FIELD = "CHANGE_FORM-action"  # prefixed, or it would be taken for the list's


def order_page(order):
    return f"{ORDERS}{order.pk}/change/"


def run_action(client, order, *, selected=None, **more):
    data = {FIELD: "cancel_subsidies", helpers.ACTION_CHECKBOX_NAME: selected or order.pk}
    return client.post(order_page(order), {**data, "title": "改过的名字", **more})


def test_the_page_offers_the_action_under_the_name_that_it_is_posted_by(desk, make_order):
    page = desk.get(order_page(make_order())).content.decode()
    assert f'name="{FIELD}"' in page
    assert 'value="cancel_subsidies"' in page


def test_the_action_drafts_a_batch_of_this_order_and_saves_nothing(desk, make_order):
    order, _other = make_order(), make_order()
    answer = run_action(desk, order)
    batch = CancellationBatch.objects.get()
    assert (answer.status_code, answer.url) == (302, batch_page(batch))
    assert [item.order_pk for item in batch.items.all()] == [str(order.pk)]
    order.refresh_from_db()
    assert order.title == "龙井茶"
    assert not LogEntry.objects.exists()


def test_the_draft_can_be_looked_through(desk, make_order):
    page = desk.get(run_action(desk, make_order()).url)
    assert "Will be sent" in page.content.decode()


def test_the_action_takes_no_order_but_the_pages_own(desk, make_order):
    order, other = make_order(), make_order()
    assert run_action(desk, order, selected=other.pk).status_code == 400
    assert run_action(desk, order, **{"CHANGE_FORM-select_across": "1"}).status_code == 302
    assert CancellationBatch.objects.get().items.count() == 1


def test_whoever_may_see_orders_and_cancel_subsidies_needs_no_right_to_change_orders(
    colleague, make_order
):
    assert run_action(colleague, make_order()).status_code == 302
    assert CancellationBatch.objects.count() == 1


@pytest.mark.parametrize("codenames", [["view_order"], ["view_order", "change_order"]])
def test_who_may_not_cancel_subsidies_is_neither_offered_it_nor_can_post_it(make_order, codenames):
    client = Client()
    client.force_login(staff_with("onlooker", *codenames))
    order = make_order()
    assert b"cancel_subsidies" not in client.get(order_page(order)).content
    run_action(client, order)
    assert not CancellationBatch.objects.exists()
