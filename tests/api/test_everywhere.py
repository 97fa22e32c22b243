"""What holds at every address of the API."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, connections
from django.urls import resolve
from rest_framework.test import APIClient

from wechat_subsidies.api.urls import urlpatterns
from wechat_subsidies.models import CancellationBatch, IdempotencyKey, SubsidyCancellation
from wechat_subsidies.services import cancel_subsidy_for_order

from .calls import codes

BATCHES = "/api/subsidies/batches/"

# What one may POST, and a body that is right.
POSTS: dict[str, dict[str, Any]] = {
    "cancellation-list": {"order": 1},
    "cancellation-retry": {"note": "x"},
    "cancellation-withdraw": {"note": "x"},
    "cancellation-resolve": {"succeeded": True, "note": "x"},
    "batch-list": {"orders": [1]},
    "batch-confirm": {"partial": True},
    "batch-stop": {"note": "x"},
}
GETS = ["cancellation-list", "cancellation-detail", "batch-list", "batch-detail", "batch-items"]
NAMES = sorted({*POSTS, *GETS})


@pytest.fixture
def url_of(gateway, make_order, api) -> Callable[[str], str]:
    """The address of that name: of a cancellation that waits, of a draft."""
    row = cancel_subsidy_for_order(make_order(), send="later")
    draft = api.post(BATCHES, {"orders": [make_order().pk], "draft": True}, format="json").json()
    routes = {pattern.name: str(pattern.pattern) for pattern in urlpatterns}

    def url(name: str) -> str:
        key = row.pk if name.startswith("cancellation") else draft["id"]
        return f"/api/subsidies/{routes[name].replace('<int:pk>', str(key))}"

    return url


@pytest.fixture
def api(make_user) -> APIClient:
    client = APIClient()
    client.force_authenticate(make_user("li", "cancel_subsidy", "resolve_cancellation"))
    return client


def test_these_are_all_there_are() -> None:
    assert sorted(pattern.name for pattern in urlpatterns if pattern.name) == NAMES


@pytest.mark.parametrize("name", sorted(set(NAMES) - {"cancellation-list", "batch-list"}))
@pytest.mark.parametrize("key", ["x", "-1", "1.5", "1e3", "１", "null,null", "9" * 40, "%00", " 1"])
def test_what_is_no_key_is_not_found_in_our_way(url_of, api, name, key) -> None:
    first, _, last = url_of(name).removeprefix("/api/subsidies/").split("/", 2)
    url = f"/api/subsidies/{first}/{key}/{last}"
    is_posted = name in POSTS
    response = api.post(url, POSTS[name], format="json") if is_posted else api.get(url)
    assert (response.status_code, codes(response)) == (404, {"": ["not_found"]})


def test_an_address_without_its_last_slash_leads_on(url_of, api) -> None:
    url = url_of("cancellation-detail")
    assert api.get(url.removesuffix("/"))["Location"] == url


@pytest.mark.parametrize("name", NAMES)
def test_no_view_is_atomic(url_of, name) -> None:
    assert resolve(url_of(name)).func._non_atomic_requests == set(connections)


@pytest.mark.parametrize("name", NAMES)
def test_nobody_is_refused_before_anything_else(url_of, name) -> None:
    anybody = APIClient()
    calls = [anybody.get(url_of(name)), anybody.post(url_of(name), b"{", content_type="x/y")]
    for response in calls:
        assert (response.status_code, codes(response)) == (403, {"": ["not_authenticated"]})


@pytest.mark.parametrize(
    ("body", "content_type", "status", "code"),
    [
        (b"{", "application/json", 400, "parse_error"),
        (b"[]", "application/json", 400, "invalid"),
        (b"null", "application/json", 400, "invalid"),
        (b"\xff", "application/json", 400, "parse_error"),
        (b"[" * 100_000, "application/json", 400, "parse_error"),
        (b"{}", "text/plain", 415, "unsupported_media_type"),
        (b'{"there is no such field": 1}', "application/json", 400, "invalid"),
    ],
)
@pytest.mark.parametrize("name", POSTS)
@pytest.mark.parametrize("key", [{}, {"HTTP_IDEMPOTENCY_KEY": "k"}])
def test_what_cannot_be_read_does_nothing(
    url_of, gateway, api, name, body, content_type, status, code, key
) -> None:
    url = url_of(name)
    before = list(SubsidyCancellation.objects.values_list("pk", "status"))
    response = api.generic("POST", url, body, content_type=content_type, **key)
    assert (response.status_code, response.json()["code"]) == (status, code)
    assert list(SubsidyCancellation.objects.values_list("pk", "status")) == before
    assert CancellationBatch.objects.get().status == "draft"
    assert gateway.calls() == []


@pytest.mark.parametrize("name", POSTS)
@pytest.mark.parametrize("value", [None, [], {}, 1, "x", True, "🧧", "x" * 10_000, 10**400])
def test_no_value_of_any_field_is_an_error_of_the_site(url_of, gateway, api, name, value) -> None:
    view = resolve(url_of(name)).func.cls()
    view.request = type("Posting", (), {"method": "POST"})()
    for field in view.get_serializer_class()().fields:
        body = POSTS[name] | {field: value}
        response = api.post(url_of(name), body, format="json")
        assert response.status_code < 500, field
    assert gateway.calls() == []


@pytest.mark.parametrize("name", GETS)
def test_looking_changes_nothing(url_of, gateway, api, name) -> None:
    url = url_of(name)
    before = list(SubsidyCancellation.objects.values())
    for method in ("get", "head", "options"):
        assert getattr(api, method)(url).status_code == 200
    assert list(SubsidyCancellation.objects.values()) == before
    assert gateway.calls() == []


@pytest.mark.parametrize("name", GETS)
def test_people_get_a_page(url_of, api, name) -> None:
    page = api.get(url_of(name), HTTP_ACCEPT="text/html")
    assert (page.status_code, page["Content-Type"]) == (200, "text/html; charset=utf-8")


@pytest.mark.parametrize("name", sorted(set(POSTS) - set(GETS)))
def test_people_get_a_page_for_what_they_post(url_of, api, name) -> None:
    page = api.get(url_of(name), HTTP_ACCEPT="text/html")
    assert (page.status_code, page["Content-Type"]) == (405, "text/html; charset=utf-8")
    page = api.post(url_of(name), POSTS[name], format="json", HTTP_ACCEPT="text/html")
    assert page["Content-Type"] == "text/html; charset=utf-8"
    assert page.status_code < 500


@pytest.mark.parametrize("name", NAMES)
def test_there_is_a_rate_for_every_address(url_of, api, name, change_settings) -> None:
    url = url_of(name)
    change_settings(API={"THROTTLE_RATE": "0/day"})
    assert codes(api.get(url)) == {"": ["throttled"]}
    assert "Retry-After" in api.get(url)


@pytest.mark.django_db(transaction=True)
def test_answers_are_the_same_under_atomic_requests(
    gateway, make_order, caller, monkeypatch
) -> None:
    """The same story twice, of an order and a batch, with one transaction a request and without."""
    answers = []
    for is_atomic in (False, True):
        monkeypatch.setitem(connection.settings_dict, "ATOMIC_REQUESTS", is_atomic)
        client = APIClient()
        client.force_authenticate(caller)
        answers.append(list(story(client, make_order)))
        SubsidyCancellation.objects.all()
        IdempotencyKey.objects.all().delete()
    assert answers[0] == answers[1]


def story(client: APIClient, make_order: Any) -> Any:
    """What is answered to one who asks, repeats, drafts, confirms, stops, and gets things wrong."""
    order = make_order()

    def post(path: str, body: Any, **headers: str) -> Any:
        response = client.post(f"/api/subsidies/{path}", body, format="json", **headers)
        shown = response.json()
        told = shown.get("status") or codes(response)
        return shown, (response.status_code, told, "Location" in response)

    key = {"HTTP_IDEMPOTENCY_KEY": "k"}
    asked, answer = post("cancellations/", {"order": order.pk}, **key)
    yield answer
    yield post("cancellations/", {"order": order.pk}, **key)[1]
    yield post("cancellations/", {"order": order.pk})[1]
    yield post("cancellations/", {"order": make_order(refunds=()).pk})[1]
    yield post(f"cancellations/{asked['id']}/retry/", {})[1]
    yield post(f"cancellations/{asked['id']}/withdraw/", {})[1]
    body = {"orders": [make_order().pk, order.pk], "draft": True}
    draft, answer = post("batches/", body)
    yield answer
    yield [each["code"] for each in draft["items"]]
    confirmed, answer = post(f"batches/{draft['id']}/confirm/", {})
    yield answer
    yield (confirmed["item_counts"], confirmed["cancellation_counts"])
    yield post(f"batches/{draft['id']}/stop/", {})[1]
    yield post(f"batches/{draft['id']}/stop/", {"note": "x"})[1]
    yield post(f"batches/{draft['id']}/confirm/", {})[1]
