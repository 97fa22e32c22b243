import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from wechat_subsidies.admin import batch_pages, preview
from wechat_subsidies.services import cancel_subsidy_for_order, withdraw

from .pages import ORDERS, batch_page, cancellation_page

pytestmark = pytest.mark.django_db


def shown(desk, batch):
    return desk.get(batch_page(batch)).content.decode()


def groups(desk, batch):
    found = desk.get(batch_page(batch)).context["preview"]
    return {name: [row.reference for row in group.rows] for name, group in found.groups.items()}


def test_orders_are_grouped_by_what_would_happen_to_them(desk, draft, make_order):
    batch = draft(
        make_order(number="FULL"),
        make_order(number="PARTLY", refunds=(1,)),
        make_order(number="NONE", refunds=()),
        make_order(number="SHARED", is_profit_shared=True),
        make_order(number="CASH", wechat_transaction_id=""),
    )
    assert groups(desk, batch) == {
        "send": ["FULL"],
        "partly_refunded": ["PARTLY"],
        "left-out-missing_transaction_id": ["CASH"],
        "left-out-not_refunded": ["NONE"],
        "left-out-blocked": ["SHARED"],
    }


def test_what_is_left_out_says_why(desk, draft, make_order):
    page = shown(desk, draft(make_order(refunds=())))
    assert "The order has no refund. WeChat Pay cancels a subsidy only after a refund." in page


def test_the_shops_own_reason_is_shown_beside_the_order(desk, draft, make_order):
    assert ">该订单已分账</td>" in shown(desk, draft(make_order(is_profit_shared=True)))


def test_an_order_asked_for_before_links_to_its_cancellation(desk, draft, make_order):
    order = make_order()
    cancellation = cancel_subsidy_for_order(order, send="later")
    assert f'href="{cancellation_page(cancellation)}"' in shown(desk, draft(order))


def test_an_order_links_to_its_own_page(desk, draft, make_order):
    order = make_order(number="N-77")
    assert f'<a href="{ORDERS}{order.pk}/change/">N-77</a>' in shown(desk, draft(order))


def test_amounts_are_in_yuan(desk, draft, make_order):
    page = shown(desk, draft(make_order(paid_fen=123456, refunds=(123456,), subsidy_fen=50)))
    assert ">¥1,234.56</td>" in page
    assert ">¥0.50</td>" in page


def test_partly_refunded_orders_are_not_ticked(desk, draft, make_order):
    batch = draft(make_order(refunds=(1,)))
    page = shown(desk, batch)
    assert f'<input type="checkbox" name="tick" value="{batch.items.get().pk}" aria-label=' in page


def test_there_is_nothing_to_tick_where_partial_refunds_are_refused(
    desk, draft, make_order, settings
):
    settings.WECHAT_SUBSIDIES = {**settings.WECHAT_SUBSIDIES, "PARTIAL_REFUNDS": "refuse"}
    batch = draft(make_order(refunds=(1,)))
    assert 'name="tick"' not in shown(desk, batch)
    assert "left-out-partly_refunded" in groups(desk, batch)


def test_a_key_above_a_thousand_is_not_written_with_a_separator(desk, draft, make_order, settings):
    settings.USE_THOUSAND_SEPARATOR = True
    batch = draft(make_order(refunds=(1,)))
    batch.items.update(id=1234567)
    assert 'value="1234567"' in shown(desk, batch)


def test_without_anything_to_send_there_is_nothing_to_confirm(desk, draft, make_order):
    page = shown(desk, draft(make_order(refunds=())))
    assert "Confirm: cancel these subsidies" not in page
    assert "Back to the orders" in page


def test_the_default_description_is_shown(desk, draft, make_order):
    assert "otherwise “订单退款”" in shown(desk, draft(make_order()))


def test_the_way_back_leads_to_the_orders(desk, draft, make_order):
    assert f'<a href="{ORDERS}" class="closelink">' in shown(desk, draft(make_order()))


def test_without_orders_the_way_back_leads_to_the_batches(desk, draft, make_order):
    order = make_order(refunds=())
    type(order).objects.filter(pk=order.pk).delete()
    page = shown(desk, draft(order))
    assert '<a href="/admin/wechat_subsidies/cancellationbatch/" class="closelink">' in page


def test_of_many_rows_some_are_shown_and_the_rest_are_counted(desk, draft, make_order, monkeypatch):
    monkeypatch.setattr(preview, "MOST_ROWS", 2)
    page = shown(desk, draft(*[make_order() for _ in range(5)]))
    assert page.count('<th scope="row">') == 2
    assert "… and 3 more" in page


def test_each_group_says_what_its_amounts_come_to(desk, draft, make_order):
    orders = [make_order(paid_fen=fen, refunds=(fen,)) for fen in (1050, 99)]
    page = shown(desk, draft(*orders, make_order(refunds=())))
    assert "In all: paid ¥11.49 · refunded ¥11.49 · subsidy ¥4.00" in " ".join(page.split())


def test_the_rest_of_a_group_is_shown_page_by_page(desk, draft, make_order, monkeypatch):
    monkeypatch.setattr(preview, "MOST_ROWS", 2)
    monkeypatch.setattr(batch_pages, "ROWS_PER_PAGE", 2)
    batch = draft(*[make_order(number=f"N-{n}") for n in range(5)], make_order(refunds=()))
    assert '<a href="?group=send">Show all</a>' in shown(desk, batch)
    page = desk.get(batch_page(batch) + "?group=send&p=3").content.decode()
    assert page.count('<th scope="row">') == 1
    assert ">N-4</a>" in page
    assert '<a href="?group=send&amp;p=2">2</a>' in page


@pytest.mark.parametrize("group", ["", "nothing", "partly_refunded"])
def test_a_group_that_is_none_or_has_ticks_has_no_page(desk, draft, make_order, group):
    batch = draft(make_order(refunds=(1,)))
    assert desk.get(batch_page(batch) + f"?group={group}").status_code == 404


def test_what_was_withdrawn_can_be_ticked(desk, draft, make_order):
    order = make_order()
    withdraw(cancel_subsidy_for_order(order, send="later"))
    batch = draft(order)
    page = shown(desk, batch)
    assert "Withdrawn before: sent only if ticked" in page
    desk.post(batch_page(batch, "confirm"), {"tick": [batch.items.get().pk]})
    assert batch.items.get().status == "draft"


def test_a_partly_refunded_order_that_was_withdrawn_says_both(desk, draft, make_order):
    order = make_order(refunds=(400,))
    withdraw(cancel_subsidy_for_order(order, partial=True, send="later"))
    page = shown(desk, draft(order))
    assert "Partly refunded: sent only if ticked" in page
    assert "Its cancellation was withdrawn." in page


def test_what_cannot_be_ticked_for_lack_of_room_is_said_to_be_left_out(
    desk, draft, make_order, monkeypatch
):
    monkeypatch.setattr(preview, "MOST_TICKS", 1)
    page = shown(desk, draft(make_order(refunds=(1,)), make_order(refunds=(1,))))
    assert "what is not shown is left out" in page


def test_a_tick_for_what_was_not_shown_counts_for_nothing(desk, draft, make_order, monkeypatch):
    monkeypatch.setattr(preview, "MOST_TICKS", 1)
    batch = draft(make_order(refunds=(1,)), make_order(refunds=(1,)))
    desk.post(batch_page(batch, "confirm"), {"tick": [item.pk for item in batch.items.all()]})
    assert [item.partial for item in batch.items.all()] == [True, False]


@pytest.mark.parametrize("refunds", [(1000,), (1,), ()])
def test_markup_in_an_order_number_is_text(desk, draft, make_order, refunds):
    page = shown(desk, draft(make_order(number="<b>1</b>", refunds=refunds)))
    assert "&lt;b&gt;1&lt;/b&gt;" in page
    assert "<b>1</b>" not in page


def test_markup_in_a_reason_is_text(desk, draft, make_order, monkeypatch):
    monkeypatch.setattr(
        "example_project.shop.models.Order.why_no_cancellation", lambda order: "<i>no</i>"
    )
    page = shown(desk, draft(make_order()))
    assert "&lt;i&gt;no&lt;/i&gt;" in page
    assert "<i>no</i>" not in page


def test_markup_in_a_refused_description_is_text(desk, draft, make_order):
    batch = draft(make_order())
    answer = desk.post(batch_page(batch, "confirm"), {"description": '"><script>' * 10})
    assert "&quot;&gt;&lt;script&gt;" in answer.content.decode()
    assert "<script>&quot;" not in answer.content.decode()


def test_the_number_of_queries_does_not_grow_with_the_selection(desk, draft, make_order):
    def queries(batch):
        with CaptureQueriesContext(
            connection,
        ) as captured:
            shown(desk, batch)
        return len(captured)

    few = queries(draft(make_order(), make_order(refunds=(1,))))
    many = queries(draft(*[make_order() for _ in range(20)], make_order(refunds=(1,))))
    assert few == many


def test_no_script_and_no_style_stands_in_the_page(desk, draft, make_order):
    page = shown(desk, draft(make_order(refunds=(1,))))
    ours = page[page.index('id="content-main"') : page.index('<footer id="footer">')]
    assert "<script" not in ours
    assert "style=" not in ours
    assert not re.search(r"\son\w+=", ours)
