import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from wechat_subsidies.models import CancellationBatch, SubsidyCancellation
from wechat_subsidies.services import confirm_batch, stop_batch
from wechat_subsidies.services.confirmed_items import ask_for_items

from .pages import BATCHES, batch_page

pytestmark = pytest.mark.django_db


@pytest.fixture
def confirmed(staff, draft, make_order):
    batch = draft(make_order(), make_order())
    confirm_batch(batch, confirmed_by=staff)
    return batch


def stop(client, batch, *, note="wrong orders", **kwargs):
    return client.post(batch_page(batch, "stop"), {"note": note}, **kwargs)


def shown(client, batch):
    return client.get(batch_page(batch)).content.decode()


def is_stopped(batch):
    return CancellationBatch.objects.get(pk=batch.pk).status == "stopped"


def test_the_field_takes_no_more_of_a_note_than_is_kept(desk, confirmed):
    assert 'name="note" id="id_note" class="vTextField" maxlength="512"' in shown(desk, confirmed)


# Who may


def test_whoever_may_work_on_a_batch_stops_it(desk, confirmed):
    assert stop(desk, confirmed).url == batch_page(confirmed)
    confirmed.refresh_from_db()
    assert (confirmed.status, confirmed.stopped_by_name) == ("stopped", "lihua")
    assert confirmed.stop_note == "wrong orders"


def test_a_batch_is_not_stopped_by_others(onlooker, confirmed):
    assert stop(onlooker, confirmed).status_code == 403
    assert not is_stopped(confirmed)


def test_a_foreign_batch_answers_like_one_that_never_was(colleague, confirmed):
    unknown = CancellationBatch(pk=999)
    assert [stop(colleague, each).status_code for each in (confirmed, unknown)] == [404, 404]
    assert not is_stopped(confirmed)


def test_whoever_may_see_all_batches_stops_those_of_others(colleague, confirmed):
    wangfang = colleague.get(BATCHES).wsgi_request.user
    wangfang.user_permissions.add(Permission.objects.get(codename="view_all_batches"))
    stop(colleague, confirmed)
    assert is_stopped(confirmed)


def test_whoever_is_not_logged_in_is_sent_to_the_login(client, confirmed):
    assert stop(client, confirmed).url.startswith("/admin/login/")
    assert not is_stopped(confirmed)


def test_a_post_from_another_site_is_refused(staff, confirmed):
    client = Client(enforce_csrf_checks=True)
    client.force_login(staff)
    assert stop(client, confirmed).status_code == 403
    assert not is_stopped(confirmed)


def test_a_get_leads_to_the_page_and_stops_nothing(desk, confirmed):
    assert desk.get(batch_page(confirmed, "stop"), {"note": "x"}).url == batch_page(confirmed)
    assert not is_stopped(confirmed)


# What happens


def test_what_waits_is_withdrawn(desk, confirmed):
    ask_for_items(confirmed, using="default")
    stop(desk, confirmed)
    assert set(SubsidyCancellation.objects.values_list("status", flat=True)) == {"withdrawn"}


@pytest.mark.parametrize("data", [{}, {"note": ""}, {"note": " "}])
def test_without_a_note_nothing_is_stopped(desk, confirmed, data):
    answer = desk.post(batch_page(confirmed, "stop"), data, follow=True)
    assert "Say why the batch is stopped." in answer.content.decode()
    assert not is_stopped(confirmed)


def test_stopping_twice_says_who_was_first(desk, confirmed):
    stop_batch(confirmed, stopped_by="anna", note="first")
    page = stop(desk, confirmed, note="second", follow=True).content.decode()
    assert "This batch was stopped already, by anna." in page
    confirmed.refresh_from_db()
    assert confirmed.stop_note == "first"


def test_confirming_a_stopped_draft_says_that_it_was_stopped(desk, draft, make_order):
    batch = draft(make_order())
    stop_batch(batch, stopped_by="anna", note="wrong orders")
    page = desk.post(batch_page(batch, "confirm"), follow=True).content.decode()
    assert "This batch was stopped by anna and can no longer be confirmed." in page
    assert "confirmed already" not in page


def test_a_draft_stopped_while_it_is_confirmed_is_said_to_be(desk, draft, make_order, monkeypatch):
    batch = draft(make_order())

    def lose(batch, **kwargs):
        stop_batch(CancellationBatch.objects.get(), stopped_by="anna", note="wrong orders")
        return confirm_batch(batch, **kwargs)

    monkeypatch.setattr("wechat_subsidies.services.confirm_batch", lose)
    page = desk.post(batch_page(batch, "confirm"), follow=True).content.decode()
    assert "This batch was stopped by anna and can no longer be confirmed." in page


# What is shown


def test_a_draft_and_a_batch_under_way_can_be_stopped(desk, draft, confirmed, make_order):
    for batch in (draft(make_order()), confirmed):
        assert f'action="{batch_page(batch, "stop")}"' in shown(desk, batch)


def test_what_is_over_is_not_stopped(desk, confirmed):
    confirmed.items.update(status="refused")
    assert batch_page(confirmed, "stop") not in shown(desk, confirmed)


def test_the_page_says_who_stopped_the_batch_and_why(desk, confirmed):
    stop_batch(confirmed, stopped_by="anna", note="wrong orders <u>")
    page = shown(desk, confirmed)
    assert "Stopped by anna, " in page
    assert "wrong orders &lt;u&gt;" in page
    assert "Confirmed by lihua, " in page
    assert batch_page(confirmed, "stop") not in page


def test_a_stopped_draft_is_not_said_to_be_confirmed(desk, draft, make_order):
    batch = draft(make_order())
    stop_batch(batch, stopped_by=None, note="wrong orders")
    page = shown(desk, batch)
    assert "Stopped by –, " in page
    assert "Confirmed by" not in page


def test_what_a_stopped_batch_still_has_to_send_is_left_to_the_sweep(desk, confirmed):
    """Nobody may continue it: the button would do nothing, again and again."""
    ask_for_items(confirmed, using="default")
    SubsidyCancellation.objects.update(in_doubt=True)
    stop(desk, confirmed)
    page = shown(desk, confirmed)
    assert "Continue sending" not in page
    assert "The rest is sent again by itself (process_subsidy_cancellations)." in page
    json = {"accept": "application/json"}
    assert desk.post(batch_page(confirmed, "continue"), headers=json).json()["due"] == 0
