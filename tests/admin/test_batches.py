from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.db import connections
from django.test import Client
from django.utils import timezone

from wechat_subsidies.models import CancellationBatch, SubsidyCancellation
from wechat_subsidies.services import confirm_batch

from .pages import BATCHES, batch_page

pytestmark = pytest.mark.django_db

STEPS = [
    ("batch", "get", 200),
    ("export", "get", 200),
    ("confirm", "post", 302),
    ("continue", "post", 302),
    ("renew", "post", 302),
    ("retry", "post", 302),
    ("stop", "post", 302),
]
POSTS = [step for step, method, _ in STEPS if method == "post"]


def visit(client, batch, step, method):
    return getattr(client, method)(batch_page(batch, step))


# Who may


@pytest.mark.parametrize(("step", "method", "status"), STEPS)
def test_each_step_is_open_to_those_who_may(desk, draft, make_order, step, method, status):
    assert visit(desk, draft(make_order()), step, method).status_code == status


@pytest.mark.parametrize(("step", "method", "status"), STEPS)
def test_each_step_is_closed_to_others(onlooker, draft, make_order, step, method, status):
    batch = draft(make_order())
    assert visit(onlooker, batch, step, method).status_code == 403
    batch.refresh_from_db()
    assert batch.status == "draft"


@pytest.mark.parametrize(("step", "method", "status"), STEPS)
def test_a_foreign_batch_answers_like_one_that_never_was(
    colleague, draft, make_order, step, method, status
):
    foreign, unknown = draft(make_order()), CancellationBatch(pk=999)
    answers = [visit(colleague, batch, step, method) for batch in (foreign, unknown)]
    assert [answer.status_code for answer in answers] == [404, 404]
    foreign.refresh_from_db()
    assert foreign.status == "draft"


@pytest.mark.parametrize(("step", "method", "status"), STEPS)
def test_the_permission_to_see_all_batches_opens_foreign_ones(
    colleague, draft, make_order, step, method, status
):
    wangfang = colleague.get(BATCHES).wsgi_request.user
    wangfang.user_permissions.add(Permission.objects.get(codename="view_all_batches"))
    assert visit(colleague, draft(make_order()), step, method).status_code == status


@pytest.mark.parametrize(("step", "method", "status"), STEPS)
def test_whoever_is_not_logged_in_is_sent_to_the_login(
    client, draft, make_order, step, method, status
):
    answer = visit(client, draft(make_order()), step, method)
    assert answer.url.startswith("/admin/login/")


@pytest.mark.parametrize(
    ("step", "method"), [("batch", "post"), ("confirm", "put"), ("continue", "delete")]
)
def test_the_wrong_method_is_refused_as_such(desk, draft, make_order, step, method):
    batch = draft(make_order())
    assert visit(desk, batch, step, method).status_code == 405
    batch.refresh_from_db()
    assert batch.status == "draft"


@pytest.mark.parametrize("step", POSTS)
@pytest.mark.parametrize("is_confirmed", [False, True])
def test_a_get_leads_to_the_page_and_sends_nothing(
    gateway, desk, draft, make_order, step, is_confirmed
):
    batch = draft(make_order())
    if is_confirmed:
        confirm_batch(batch, confirmed_by="lihua")
    answer = visit(desk, batch, step, "get")
    assert (answer.status_code, answer.url) == (302, batch_page(batch, "batch"))
    batch.refresh_from_db()
    assert batch.status == ("confirmed" if is_confirmed else "draft")
    assert gateway.calls() == []
    assert not batch.items.filter(status="asked").exists()


@pytest.mark.parametrize("step", POSTS)
def test_a_post_from_another_site_is_refused(staff, draft, make_order, step):
    client = Client(enforce_csrf_checks=True)
    client.force_login(staff)
    batch = draft(make_order())
    assert client.post(batch_page(batch, step)).status_code == 403
    batch.refresh_from_db()
    assert batch.status == "draft"


def test_a_number_too_large_for_the_database_is_an_unknown_batch(desk):
    assert desk.get(f"{BATCHES}{10**30}/").status_code == 404


# The list


def test_the_list_shows_ones_own_batches(desk, draft, make_order):
    batch = draft(make_order())
    assert batch_page(batch) in desk.get(BATCHES).content.decode()


def test_the_list_hides_the_batches_of_others(colleague, draft, make_order):
    batch = draft(make_order())
    answer = colleague.get(BATCHES)
    assert answer.status_code == 200
    assert batch_page(batch) not in answer.content.decode()


def test_the_list_is_closed_to_others(onlooker):
    assert onlooker.get(BATCHES).status_code == 403


@pytest.mark.parametrize("rest", ["add/", "{pk}/change/", "{pk}/delete/", "{pk}/history/"])
def test_batches_are_not_added_changed_or_deleted(desk, draft, make_order, rest):
    url = BATCHES + rest.format(pk=draft(make_order()).pk)
    assert [desk.get(url).status_code, desk.post(url).status_code] == [404, 404]


# Confirming


def test_looking_at_a_draft_changes_nothing(desk, draft, make_order):
    batch = draft(make_order())
    desk.get(batch_page(batch))
    batch.refresh_from_db()
    assert batch.status == "draft"
    assert not SubsidyCancellation.objects.exists()


def test_confirming_leads_to_the_batchs_page(desk, draft, make_order):
    batch = draft(make_order())
    answer = desk.post(batch_page(batch, "confirm"), {"description": ""}, follow=True)
    assert answer.redirect_chain == [(batch_page(batch), 302)]
    assert "progress" in answer.context
    batch.refresh_from_db()
    assert (batch.status, batch.confirmed_by_name) == ("confirmed", "lihua")


def test_the_description_is_taken_over(desk, draft, make_order):
    batch = draft(make_order())
    desk.post(batch_page(batch, "confirm"), {"description": "七夕退款"})
    batch.refresh_from_db()
    assert batch.description == "七夕退款"


def test_a_description_that_is_too_long_is_refused_on_the_preview(desk, draft, make_order):
    batch = draft(make_order())
    answer = desk.post(batch_page(batch, "confirm"), {"description": "长" * 81})
    assert "at most 80 characters (it has 81)" in answer.content.decode()
    batch.refresh_from_db()
    assert batch.status == "draft"


def test_a_description_that_wechat_pay_would_refuse_is_refused_on_the_preview(
    desk, draft, make_order
):
    batch = draft(make_order())
    answer = desk.post(batch_page(batch, "confirm"), {"description": "退款😀"})
    assert "description" in answer.context["form"].errors
    batch.refresh_from_db()
    assert batch.status == "draft"


def test_confirming_twice_says_so_and_changes_nothing(desk, draft, make_order):
    batch = draft(make_order())
    desk.post(batch_page(batch, "confirm"), {"description": "first"})
    answer = desk.post(batch_page(batch, "confirm"), {"description": "second"}, follow=True)
    assert answer.redirect_chain == [(batch_page(batch), 302)]
    assert "This batch was confirmed already, by lihua." in answer.content.decode()
    batch.refresh_from_db()
    assert batch.description == "first"


def test_whoever_comes_second_in_a_race_is_told_who_was_first(desk, draft, make_order, monkeypatch):
    batch = draft(make_order())

    def lose(batch, **kwargs):
        confirm_batch(CancellationBatch.objects.get(), confirmed_by="somebody else")
        return confirm_batch(batch, **kwargs)

    monkeypatch.setattr("wechat_subsidies.services.confirm_batch", lose)
    answer = desk.post(batch_page(batch, "confirm"), follow=True)
    assert "This batch was confirmed already, by somebody else." in answer.content.decode()


def test_a_batch_with_nothing_to_send_stays_a_draft(desk, draft, make_order):
    batch = draft(make_order(refunds=()))
    answer = desk.post(batch_page(batch, "confirm"), {"description": ""})
    assert "There is nothing to send in this batch." in answer.content.decode()
    batch.refresh_from_db()
    assert batch.status == "draft"


# Partly refunded orders


def partly(make_order):
    return make_order(refunds=(400,), number="PARTLY")


def test_a_tick_is_an_explicit_yes(desk, draft, make_order):
    batch = draft(partly(make_order))
    item = batch.items.get()
    desk.post(batch_page(batch, "confirm"), {"tick": [item.pk]})
    item.refresh_from_db()
    assert (item.status, item.partial) == ("draft", True)


def test_without_a_tick_a_partly_refunded_order_is_left_out(desk, draft, make_order):
    batch = draft(partly(make_order), make_order())
    desk.post(batch_page(batch, "confirm"))
    assert batch.items.get(order_reference="PARTLY").status == "excluded"


def test_a_tick_for_an_order_of_another_batch_counts_for_nothing(desk, draft, make_order):
    order = partly(make_order)
    other, batch = draft(order), draft(order, make_order())
    desk.post(batch_page(batch, "confirm"), {"tick": [other.items.get().pk]})
    assert not CancellationBatch.objects.filter(items__partial=True).exists()


@pytest.mark.parametrize("tick", ["", "x", "²", "-1", str(10**30)])
def test_a_tick_that_is_no_item_counts_for_nothing(desk, draft, make_order, tick):
    batch = draft(partly(make_order), make_order())
    assert desk.post(batch_page(batch, "confirm"), {"tick": tick}).status_code == 302
    assert not batch.items.filter(partial=True).exists()


def test_ticks_are_kept_when_something_else_is_wrong(desk, draft, make_order):
    batch = draft(partly(make_order))
    data = {"tick": [batch.items.get().pk], "description": "长" * 81}
    answer = desk.post(batch_page(batch, "confirm"), data)
    assert f'value="{batch.items.get().pk}" checked' in answer.content.decode()


# Continuing


def test_continuing_a_draft_sends_nothing(desk, draft, make_order):
    batch = draft(make_order())
    desk.post(batch_page(batch, "continue"))
    assert not SubsidyCancellation.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_the_flow_from_the_draft_to_the_answer(desk, draft, make_order, gateway):
    order = make_order()
    batch = draft(order)
    desk.post(batch_page(batch, "confirm"), {"description": ""})
    assert gateway.calls() == []
    answer = desk.post(batch_page(batch, "continue"), follow=True)
    assert answer.redirect_chain == [(batch_page(batch), 302)]
    assert len(gateway.calls(order.wechat_transaction_id)) == 1
    assert answer.context["progress"].counts["succeeded"] == 1


@pytest.mark.django_db(transaction=True)
def test_a_batch_confirmed_twice_is_sent_once(desk, draft, make_order, gateway):
    batch = draft(make_order())
    for step in ("confirm", "continue", "confirm", "continue"):
        desk.post(batch_page(batch, step))
    assert len(gateway.calls()) == 1


@pytest.mark.django_db(transaction=True)
def test_only_the_ticked_of_the_partly_refunded_are_sent(desk, draft, make_order, gateway):
    ticked, unticked = partly(make_order), make_order(refunds=(400,))
    batch = draft(ticked, unticked)
    item = batch.items.get(order_pk=ticked.pk)
    desk.post(batch_page(batch, "confirm"), {"tick": [item.pk]})
    desk.post(batch_page(batch, "continue"))
    assert len(gateway.calls(ticked.wechat_transaction_id)) == 1
    assert gateway.calls(unticked.wechat_transaction_id) == []


@pytest.mark.django_db(transaction=True)
def test_what_was_refused_is_sent_again(desk, draft, make_order, gateway):
    order = make_order()
    gateway.faults.add("invalid_request", transaction_id=order.wechat_transaction_id, times=1)
    batch = draft(order, make_order())
    desk.post(batch_page(batch, "confirm"))
    desk.post(batch_page(batch, "continue"))
    assert "Send 1 refused one again" in desk.get(batch_page(batch)).content.decode()
    answer = desk.post(batch_page(batch, "retry"), follow=True)
    assert [str(message) for message in answer.context["messages"]] == ["Sent again: 1"]
    SubsidyCancellation.objects.filter(status="pending").update(send_after=0)
    desk.post(batch_page(batch, "continue"))
    assert {row.status for row in SubsidyCancellation.objects.all()} == {"succeeded"}
    assert "refused one" not in desk.get(batch_page(batch)).content.decode()


@pytest.fixture
def expired(draft, make_order):
    batch = draft(make_order(number="N-1"), make_order(number="N-2"))
    CancellationBatch.objects.update(created_at=timezone.now() - timedelta(hours=25))
    return batch


def test_a_draft_older_than_a_day_says_so_and_cannot_be_confirmed(desk, expired):
    page = desk.get(batch_page(expired)).content.decode()
    assert "This draft is older than a day" in page
    assert batch_page(expired, "confirm") not in page
    answer = desk.post(batch_page(expired, "confirm"), follow=True)
    assert "This draft is older than a day" in answer.content.decode()
    expired.refresh_from_db()
    assert expired.status == "draft"


def test_a_draft_older_than_a_day_is_begun_anew(colleague, desk, expired, staff):
    answer = desk.post(batch_page(expired, "renew"), follow=True)
    new = CancellationBatch.objects.latest("pk")
    assert answer.redirect_chain == [(batch_page(new), 302)]
    assert [item.order_reference for item in new.items.all()] == ["N-1", "N-2"]
    assert (new.requested_by, new.pk == expired.pk) == (staff, False)


def test_what_names_no_order_any_more_is_said_not_to_be_taken_over(desk, expired):
    expired.items.filter(position=0).update(order_model="gone.Order")
    answer = desk.post(batch_page(expired, "renew"), follow=True)
    assert [str(message) for message in answer.context["messages"]] == [
        "Not taken over, since they name no order of the shop: 1"
    ]
    assert CancellationBatch.objects.latest("pk").items.get().order_reference == "N-2"


def test_looking_at_a_confirmed_batch_sends_nothing(desk, draft, make_order, gateway):
    batch = draft(make_order())
    desk.post(batch_page(batch, "confirm"))
    desk.get(batch_page(batch))
    assert gateway.calls() == []


@pytest.mark.django_db(transaction=True)
def test_sending_works_in_a_shop_with_atomic_requests(
    desk, draft, make_order, gateway, monkeypatch
):
    batch = draft(make_order())
    monkeypatch.setitem(connections.settings["default"], "ATOMIC_REQUESTS", True)
    desk.post(batch_page(batch, "confirm"))
    desk.post(batch_page(batch, "continue"))
    assert SubsidyCancellation.objects.get().status == "succeeded"


@pytest.mark.django_db(transaction=True)
def test_the_script_is_told_how_far_the_batch_is(desk, draft, make_order, gateway):
    batch = draft(make_order(), make_order(), make_order(refunds=()))
    desk.post(batch_page(batch, "confirm"))
    answer = desk.post(batch_page(batch, "continue"), headers={"Accept": "application/json"}).json()
    counts = answer.pop("counts")
    assert answer == {"due": 0, "done": 2, "total": 2, "finished": True, "worked": True, "pace": ""}
    assert {name: count for name, count in counts.items() if count} == {
        "succeeded": 2,
        "excluded": 1,
    }


def test_the_script_is_told_that_nothing_was_done(desk, draft, make_order):
    answer = desk.post(
        batch_page(draft(make_order()), "continue"), headers={"Accept": "application/json"}
    )
    assert answer.json()["worked"] is False
