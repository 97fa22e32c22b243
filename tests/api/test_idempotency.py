"""Idempotency-Key: a request is carried out once, and a repeat learns what it is about by now."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event

import pytest
from django.db import connection, connections
from django.utils import timezone
from rest_framework.parsers import BaseParser
from rest_framework.permissions import AllowAny, BasePermission
from rest_framework.test import APIClient

from wechat_subsidies import services
from wechat_subsidies.api import idempotency
from wechat_subsidies.models import (
    CancellationBatch,
    CancellationEvent,
    IdempotencyKey,
    SubsidyCancellation,
)
from wechat_subsidies.services import cancel_subsidy_for_order

from .calls import CANCELLATIONS, codes, identifiers

BATCHES = "/api/subsidies/batches/"
KEY = {"HTTP_IDEMPOTENCY_KEY": '"8e03978e-40d5-43e8-bc93-6894a57f9324"'}
sending = pytest.mark.django_db(transaction=True)


@sending
def test_a_repeat_gets_the_same_status_with_the_resource_as_it_is_now(gateway, make_order, post):
    order = make_order()
    first = post(identifiers(order), **KEY)
    SubsidyCancellation.objects.update(resolution_note="seen since")
    second = post(identifiers(order), **KEY)
    assert (first.status_code, second.status_code) == (201, 201)
    assert second.json() == first.json() | {"resolution_note": "seen since"}
    assert second["Location"] == first["Location"]
    assert (second["Idempotent-Replayed"], "Idempotent-Replayed" in first) == ("true", False)
    assert len(gateway.calls(order.wechat_transaction_id)) == 1


@sending
def test_what_was_accepted_stays_so_when_it_is_over(gateway, make_order, post):
    gateway.faults.add("system_error", times=1)
    order = make_order()
    first = post(identifiers(order), **KEY)
    SubsidyCancellation.objects.update(status="failed", send_after=None, in_doubt=False)
    second = post(identifiers(order), **KEY)
    assert (first.status_code, second.status_code) == (202, 202)
    assert second.json()["status"] == "failed"
    assert "Retry-After" in first
    assert "Retry-After" not in second


def test_a_key_without_quotes_is_the_same_key(gateway, make_order, post):
    body = identifiers(make_order())
    post(body, HTTP_IDEMPOTENCY_KEY='"abc"')
    assert post(body, HTTP_IDEMPOTENCY_KEY="abc")["Idempotent-Replayed"] == "true"


def test_another_body_under_the_same_key_is_refused(gateway, make_order, post):
    post(identifiers(make_order()), **KEY)
    response = post(identifiers(make_order()), **KEY)
    assert (response.status_code, codes(response)) == (422, {"": ["idempotency_key_reused"]})
    assert SubsidyCancellation.objects.count() == 1


def test_another_address_under_the_same_key_is_refused(gateway, make_order, post, api):
    body = {"orders": [make_order().pk]}
    assert api.post(BATCHES, body, format="json", **KEY).status_code == 202
    assert api.post(CANCELLATIONS, body, format="json", **KEY).status_code == 422


def test_the_same_under_another_name_of_the_host_is_another_request(
    gateway, make_order, post, settings
):
    settings.ALLOWED_HOSTS = ["a.example", "b.example"]
    body = identifiers(make_order())
    answers = [post(body, **KEY, HTTP_HOST=host) for host in settings.ALLOWED_HOSTS]
    assert [each.status_code for each in answers] == [202, 422]


def test_a_key_is_its_callers(gateway, make_order, post, make_user):
    body = identifiers(make_order())
    post(body, **KEY)
    other = APIClient()
    other.force_authenticate(make_user("li", "cancel_subsidy"))
    assert "Idempotent-Replayed" not in other.post(CANCELLATIONS, body, format="json", **KEY)
    assert IdempotencyKey.objects.count() == 2


def test_callers_that_are_no_user_have_keys_of_their_own(gateway, make_order, change_settings):
    change_settings(API={"PERMISSION_CLASSES": [AllowAny]})
    client, body = APIClient(), identifiers(make_order())
    answers = []
    for name in ("erp", "oms", "erp"):
        client.force_authenticate(name)
        answers.append(client.post(CANCELLATIONS, body, format="json", **KEY))
    assert ["Idempotent-Replayed" in each for each in answers] == [False, False, True]
    assert "erp" not in str(list(IdempotencyKey.objects.values_list()))


@pytest.mark.parametrize(
    "key", ["", '"', '""', '"abc', "é", '"é"', "x" * 256, f'"{"x" * 256}"', "a\tb"]
)
def test_what_is_no_key_is_refused(gateway, make_order, post, key):
    response = post(identifiers(make_order()), HTTP_IDEMPOTENCY_KEY=key)
    assert (response.status_code, codes(response)) == (400, {"": ["invalid_idempotency_key"]})
    assert not SubsidyCancellation.objects.exists()


@pytest.mark.parametrize(
    ("text", "key"),
    [("abc", "abc"), (' "abc" ', "abc"), (r'"a\"b\\c"', 'a"b\\c'), ("x" * 255, "x" * 255)],
)
def test_a_key_is_read_as_the_draft_has_it(text, key):
    assert idempotency.key_in(text) == key


def test_nothing_of_the_body_is_stored(gateway, make_order, post):
    order = make_order()
    post({**identifiers(order), "description": "机密"}, **KEY)
    stored = IdempotencyKey.objects.get()
    columns = {name: str(value) for name, value in vars(stored).items()}
    assert order.wechat_transaction_id not in str(columns)
    assert "机密" not in str(columns)
    assert len(stored.fingerprint) == 64


def test_what_was_refused_is_looked_at_anew(gateway, make_order, post):
    order = make_order(refunds=())
    assert post(identifiers(order), **KEY).status_code == 400
    order.refunds.create(refund_id="5000001", fen=1000)
    assert post(identifiers(order), **KEY).status_code == 202


def test_what_was_refused_keeps_its_body(gateway, make_order, post):
    assert post({}, **KEY).status_code == 400
    response = post(identifiers(make_order()), **KEY)
    assert codes(response) == {"": ["idempotency_key_reused"]}


def test_an_error_of_ours_is_not_kept(gateway, make_order, post, api, monkeypatch):
    api.raise_request_exception = False
    body = identifiers(make_order())
    with monkeypatch.context() as patch:
        patch.setattr(services, "cancel_subsidy", broken)
        assert post(body, **KEY).status_code == 500
    response = post(body, **KEY)
    assert (response.status_code, "Idempotent-Replayed" in response) == (202, False)


def broken(*args, **kwargs):
    raise ZeroDivisionError


def test_permission_is_asked_for_again(gateway, make_order, post, caller, api):
    body = identifiers(make_order())
    post(body, **KEY)
    caller.user_permissions.clear()
    api.force_authenticate(type(caller).objects.get())
    assert post(body, **KEY).status_code == 403


def test_scope_is_looked_at_again(gateway, make_order, post, by_seller):
    order = make_order()
    assert post(identifiers(order), **KEY).status_code == 202
    outside = {"HTTP_X_SELLERS": str(order.seller_id + 1)}
    response = post(identifiers(order), **KEY, **outside)
    assert (response.status_code, codes(response)) == (404, {"": ["not_found"]})


@sending
def test_a_request_at_work_is_a_conflict(gateway, make_order, caller, monkeypatch):
    body, begun, go_on = identifiers(make_order()), Event(), Event()
    whole = services.cancel_subsidy

    def slow(**kwargs):
        begun.set()
        assert go_on.wait(20)
        return whole(**kwargs)

    monkeypatch.setattr(services, "cancel_subsidy", slow)

    def ask():
        client = APIClient()
        client.force_authenticate(caller)
        try:
            return client.post(CANCELLATIONS, body, format="json", **KEY)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(ask)
        assert begun.wait(20)
        second = ask()
        go_on.set()
    assert (second.status_code, codes(second)) == (409, {"": ["request_in_progress"]})
    assert second["Retry-After"] == "1"
    assert first.result().status_code == 201


def made_key(caller, **fields):
    """The key of a request whose process died over the work, its lease over."""
    now = idempotency.clock.now("default")
    values = {"caller": f"user {caller.pk}", "key": "k", "locked_until": now} | fields
    return IdempotencyKey.objects.create(**values)


def fingerprinted(api, url, body):
    """Send it with a key once, to learn its fingerprint, and forget that it was sent."""
    api.post(url, body, format="json", HTTP_IDEMPOTENCY_KEY="probe")
    found = IdempotencyKey.objects.get(key="probe").fingerprint
    IdempotencyKey.objects.all().delete()
    CancellationBatch.objects.all().delete()
    SubsidyCancellation.objects.all().delete()
    return found


def test_a_request_that_died_is_taken_up(gateway, make_order, api, caller):
    body = identifiers(make_order())
    row = made_key(caller, fingerprint=fingerprinted(api, CANCELLATIONS, body))
    response = api.post(CANCELLATIONS, body, format="json", HTTP_IDEMPOTENCY_KEY="k")
    assert response.status_code == 202
    row.refresh_from_db()
    assert (row.http_status, row.cancellation_id) == (202, response.json()["id"])


def test_a_batch_that_was_recorded_is_not_recorded_twice(gateway, make_order, api, caller):
    fingerprint = fingerprinted(api, BATCHES, {"orders": ["nothing"]})
    batch = services.ask_for_selection([], requested_by=caller, source="api")
    made_key(caller, fingerprint=fingerprint, batch=batch)
    body = {"orders": ["nothing"]}
    response = api.post(BATCHES, body, format="json", HTTP_IDEMPOTENCY_KEY="k")
    assert (response.status_code, response.json()["id"]) == (202, batch.pk)
    assert response.json()["status"] == "asked"
    assert CancellationBatch.objects.count() == 1


def test_a_batch_is_known_to_its_key_as_soon_as_it_is_recorded(
    gateway, make_order, api, monkeypatch
):
    api.raise_request_exception = False
    body = {"orders": [make_order().pk]}
    with monkeypatch.context() as patch:
        patch.setattr(services, "ask_for_batch", broken_batch)
        assert api.post(BATCHES, body, format="json", **KEY).status_code == 500
    batch = CancellationBatch.objects.get()
    assert IdempotencyKey.objects.get().batch_id == batch.pk
    response = api.post(BATCHES, body, format="json", **KEY)
    assert (response.status_code, response.json()["id"]) == (202, batch.pk)
    assert [each["result"] for each in response.json()["items"]] == ["asked"]


def broken_batch(pk):
    raise ZeroDivisionError


def test_a_batch_is_replayed_with_its_items(gateway, make_order, api):
    body = {"orders": [make_order().pk]}
    first = api.post(BATCHES, body, format="json", **KEY)
    second = api.post(BATCHES, body, format="json", **KEY)
    assert (second.status_code, second.json()) == (202, first.json())
    assert CancellationBatch.objects.count() == 1


def test_a_decision_is_made_once(gateway, make_order, api):
    row = cancel_subsidy_for_order(make_order(), send="later")
    url = f"{CANCELLATIONS}{row.pk}/withdraw/"
    answers = [api.post(url, {"note": "x"}, format="json", **KEY) for _ in range(2)]
    assert [each.status_code for each in answers] == [200, 200]
    assert CancellationEvent.objects.count() == 1
    assert api.post(url, {"note": "x"}, format="json").status_code == 409  # without the key


def test_a_batch_of_a_request_whose_key_was_taken_over_meanwhile_is_taken_back(
    gateway, make_order, api, monkeypatch
):
    whole = services.ask_for_selection

    def slow(*args, **kwargs):
        IdempotencyKey.objects.update(locked_until=idempotency.clock.now("default"))
        return whole(*args, **kwargs)

    monkeypatch.setattr(services, "ask_for_selection", slow)
    response = api.post(BATCHES, {"orders": [make_order().pk]}, format="json", **KEY)
    assert (response.status_code, codes(response)) == (409, {"": ["request_in_progress"]})
    assert not CancellationBatch.objects.exists()


@sending
@pytest.mark.parametrize("verb", ["retry", "withdraw", "resolve"])
def test_a_decision_whose_process_died_before_it_answered_is_told_to_its_repeat(
    gateway, make_order, dies, api, make_user, verb
):
    api.force_authenticate(make_user("li", "cancel_subsidy", "resolve_cancellation"))
    row = cancel_subsidy_for_order(make_order(), send="later")
    if verb != "withdraw":
        stuck = {"status": "needs_review", "send_after": None, "in_doubt": True}
        SubsidyCancellation.objects.update(**stuck)
    url, body = f"{CANCELLATIONS}{row.pk}/{verb}/", BODIES[verb]
    dies(url, body)
    repeats = [api.post(url, body, format="json", **KEY) for _ in range(2)]
    assert [each.status_code for each in repeats] == [200, 200]
    assert {each.json()["status"] for each in repeats} == {ENDS[verb]}
    assert CancellationEvent.objects.count() == 1


@pytest.fixture
def dies(monkeypatch, api):
    """Have a request with a key die at the end of its work, so that its key has no answer."""

    def die(url, body):
        with monkeypatch.context() as patch:
            patch.setattr(idempotency, "finish", broken)
            patch.setattr(idempotency, "release", lambda row: None)
            with pytest.raises(ZeroDivisionError):
                api.post(url, body, format="json", **KEY)
        IdempotencyKey.objects.update(locked_until=idempotency.clock.now("default"))

    return die


@sending
def test_what_was_withdrawn_since_its_request_died_is_not_asked_for_again_by_its_repeat(
    gateway, make_order, dies, api, monkeypatch
):
    body = identifiers(make_order())
    with monkeypatch.context() as patch:
        patch.setattr(services.asking, "have_sent", lambda row: None)
        dies(CANCELLATIONS, body)
    services.withdraw(SubsidyCancellation.objects.get(), note="搞错了", requested_by="lihua")
    repeats = [api.post(CANCELLATIONS, body, format="json", **KEY) for _ in range(2)]
    assert [each.status_code for each in repeats] == [200, 200]
    assert {each.json()["status"] for each in repeats} == {"withdrawn"}
    assert (CancellationEvent.objects.count(), gateway.calls()) == (1, [])


@sending
def test_what_was_not_sent_before_its_request_died_is_sent_by_its_repeat(
    gateway, make_order, dies, api, monkeypatch
):
    order = make_order()
    with monkeypatch.context() as patch:
        patch.setattr(services.asking, "have_sent", broken)
        dies(CANCELLATIONS, identifiers(order))
    assert SubsidyCancellation.objects.get().status == "pending"
    repeat = api.post(CANCELLATIONS, identifiers(order), format="json", **KEY)
    assert (repeat.status_code, repeat.json()["status"]) == (200, "succeeded")
    assert len(gateway.calls(order.wechat_transaction_id)) == 1


@sending
@pytest.mark.parametrize("service", ["cancel_subsidy", "cancel_subsidy_for_order"])
def test_what_a_request_recorded_whose_key_was_taken_over_meanwhile_is_taken_back(
    gateway, make_order, post, monkeypatch, service
):
    order, whole = make_order(), getattr(services, service)
    body = {"order": order.pk} if service.endswith("order") else identifiers(order)

    def slow(*args, **kwargs):
        IdempotencyKey.objects.update(locked_until=idempotency.clock.now("default"))
        return whole(*args, **kwargs)

    monkeypatch.setattr(services, service, slow)
    response = post(body, **KEY)
    assert (response.status_code, codes(response)) == (409, {"": ["request_in_progress"]})
    assert not SubsidyCancellation.objects.exists()
    assert gateway.calls() == []


def test_a_batch_that_was_stopped_since_its_confirmation_died_is_told_to_its_repeat(
    gateway, make_order, dies, api
):
    draft = api.post(BATCHES, {"orders": [make_order().pk], "draft": True}, format="json").json()
    dies(f"{draft['url']}confirm/", {})
    api.post(f"{draft['url']}stop/", {"note": "误操作"}, format="json")
    repeats = [api.post(f"{draft['url']}confirm/", {}, format="json", **KEY) for _ in range(2)]
    assert [each.status_code for each in repeats] == [200, 200]
    assert {each.json()["status"] for each in repeats} == {"stopped"}


def test_a_confirmation_that_died_over_its_items_is_gone_on_with(
    gateway, make_order, dies, api, monkeypatch
):
    draft = api.post(BATCHES, {"orders": [make_order().pk], "draft": True}, format="json").json()
    with monkeypatch.context() as patch:
        patch.setattr(services, "ask_for_batch", broken_batch)
        dies(f"{draft['url']}confirm/", {})
    repeat = api.post(f"{draft['url']}confirm/", {}, format="json", **KEY)
    assert (repeat.status_code, repeat.json()["item_counts"]["asked"]) == (202, 1)


def test_what_a_confirmation_was_refused_is_not_remembered(gateway, make_order, api):
    draft = api.post(BATCHES, {"orders": [make_order().pk], "draft": True}, format="json").json()
    api.post(f"{draft['url']}stop/", {"note": "误操作"}, format="json")
    answers = [api.post(f"{draft['url']}confirm/", {}, format="json", **KEY) for _ in range(2)]
    assert [codes(each) for each in answers] == [{"": ["stopped"]}] * 2
    assert IdempotencyKey.objects.get().batch is None


BODIES = {
    "retry": {},
    "withdraw": {},
    "resolve": {"succeeded": True, "note": "seen"},
}
ENDS = {"retry": "succeeded", "withdraw": "withdrawn", "resolve": "succeeded"}


def test_what_a_decision_was_refused_is_not_remembered(gateway, make_order, api):
    row = cancel_subsidy_for_order(make_order(), send="later")
    url = f"{CANCELLATIONS}{row.pk}/retry/"
    assert [api.post(url, {}, format="json", **KEY).status_code for _ in range(2)] == [409, 409]
    assert IdempotencyKey.objects.get().cancellation is None


def test_a_replay_says_in_what_it_differs(gateway, make_order, post):
    order = make_order()
    post(identifiers(order))
    body = {**identifiers(order), "description": "another", "refund_id": "50000099"}
    answers = [post(body, **KEY) for _ in range(2)]
    assert answers[1]["Idempotent-Replayed"] == "true"
    assert [each.json()["differs"] for each in answers] == [["refund_id", "description"]] * 2


def test_a_multipart_form_of_the_site_itself_may_have_a_key(gateway, make_order, make_user):
    user = make_user("li", "cancel_subsidy")
    client = APIClient(enforce_csrf_checks=True)
    client.login(username=user.username, password="li")
    client.cookies["csrftoken"] = "c" * 32
    body = {**identifiers(make_order()), "csrfmiddlewaretoken": "c" * 32}
    answers = [client.post(CANCELLATIONS, body, **KEY) for _ in range(2)]
    assert [each.status_code for each in answers] == [202, 202]
    assert answers[1]["Idempotent-Replayed"] == "true"


@pytest.mark.parametrize("use_tz", [True, False])
def test_a_key_is_another_after_a_day_whether_it_was_pruned_or_not(
    gateway, make_order, post, settings, use_tz
):
    settings.USE_TZ = use_tz
    post(identifiers(make_order()), **KEY)
    IdempotencyKey.objects.update(
        created_at=timezone.now() - timedelta(hours=25),
        locked_until=idempotency.clock.now("default") - timedelta(hours=25),
    )
    body = identifiers(make_order())
    anew, repeat = post(body, **KEY), post(body, **KEY)
    assert (anew.status_code, anew.has_header("Idempotent-Replayed")) == (202, False)
    assert repeat["Idempotent-Replayed"] == "true"
    assert IdempotencyKey.objects.count() == 1


class StreamParser(BaseParser):
    """A parser of the host's that reads the body as a stream, as most do."""

    media_type = "application/json"

    def parse(self, stream, media_type=None, parser_context=None):
        return json.load(stream)


class LooksIntoTheBody(BasePermission):
    """A permission of the host's that depends on what is asked for."""

    def has_permission(self, request, view):
        return isinstance(request.data, dict)


def test_another_body_is_known_where_the_host_has_read_it_before(
    gateway, make_order, post, change_settings, settings
):
    settings.REST_FRAMEWORK = {
        **settings.REST_FRAMEWORK,
        "DEFAULT_PARSER_CLASSES": [f"{__name__}.StreamParser"],
    }
    change_settings(API={"PERMISSION_CLASSES": [LooksIntoTheBody]})
    body = identifiers(make_order())
    assert [post(body, **KEY).status_code for _ in range(2)] == [202, 202]
    assert post(identifiers(make_order()), **KEY).status_code == 422


def test_a_key_that_is_released_has_no_lease_left(gateway, make_order, post):
    post({}, **KEY)
    row = IdempotencyKey.objects.get()
    assert row.locked_until <= idempotency.clock.now("default")
    assert row.http_status is None


def test_the_lease_of_a_request_at_work_is_in_the_future(gateway, make_order, post, monkeypatch):
    seen = []

    def look(**kwargs):
        seen.append(IdempotencyKey.objects.get().locked_until)
        return whole(**kwargs)

    whole = services.cancel_subsidy
    monkeypatch.setattr(services, "cancel_subsidy", look)
    post(identifiers(make_order()), **KEY)
    assert seen[0] - idempotency.clock.now("default") > timedelta(minutes=1)


@sending
def test_the_key_is_committed_before_the_work_under_atomic_requests_too(
    gateway, make_order, post, monkeypatch
):
    monkeypatch.setitem(connection.settings_dict, "ATOMIC_REQUESTS", True)
    open_transactions = []
    whole = services.cancel_subsidy

    def look(**kwargs):
        open_transactions.append(connection.in_atomic_block)
        return whole(**kwargs)

    monkeypatch.setattr(services, "cancel_subsidy", look)
    assert post(identifiers(make_order()), **KEY).status_code == 201
    assert open_transactions == [False]


def test_a_get_has_no_use_for_a_key(db, api):
    assert api.get(CANCELLATIONS, **KEY).status_code == 200
    assert not IdempotencyKey.objects.exists()


def test_a_body_that_is_too_large_is_refused_with_a_key_too(db, post, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    response = post({"order": "1" * 200}, **KEY)
    assert (response.status_code, codes(response)) == (400, {"": ["parse_error"]})
