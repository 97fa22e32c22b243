from dataclasses import dataclass

from django.contrib.auth.models import AnonymousUser
from django.core.cache import cache
from rest_framework.permissions import AllowAny
from rest_framework.test import APIClient

from wechat_subsidies.api.callers import name

from .calls import CANCELLATIONS, identifiers


@dataclass
class Machine:
    """A caller from a token: with a key, but no row."""

    pk: int = 7
    is_authenticated: bool = True

    def get_username(self):
        return "refund-worker"


def test_who_is_no_user_of_the_site_is_recorded_by_name(gateway, make_order, change_settings):
    change_settings(API={"PERMISSION_CLASSES": [AllowAny]})
    client = APIClient()
    client.force_authenticate(Machine())
    shown = client.post(CANCELLATIONS, identifiers(make_order()), format="json").json()
    assert (shown["requested_by"], shown["requested_by_name"]) == (None, "refund-worker")


@dataclass
class Token:
    """A caller from a token that has no name in it, as packages for JSON Web Tokens make them."""

    id: int
    is_authenticated: bool = True
    is_anonymous: bool = False
    username: str = ""

    def get_username(self):
        return self.username

    def __str__(self):
        return f"TokenUser {self.id}"


def test_callers_without_a_username_are_told_apart(gateway, make_order, change_settings):
    change_settings(API={"PERMISSION_CLASSES": [AllowAny], "THROTTLE_RATE": "2/day"})
    cache.clear()
    body, batches = {"orders": [make_order().pk], "draft": True}, "/api/subsidies/batches/"
    clients = [APIClient(), APIClient()]
    for number, client in enumerate(clients):
        client.force_authenticate(Token(number))
    key = {"HTTP_IDEMPOTENCY_KEY": "k"}
    answers = [client.post(batches, body, format="json", **key) for client in clients]
    assert [each.has_header("Idempotent-Replayed") for each in answers] == [False, False]
    assert answers[1].json()["requested_by_name"] == "TokenUser 1"
    seen = [client.get(answers[0].json()["url"]).status_code for client in clients]
    assert seen == [200, 404]
    assert [client.get(batches).status_code for client in clients] == [429, 429]
    cache.clear()


def test_a_name_is_what_the_caller_calls_itself():
    assert name("erp") == "erp"
    assert name(None) == ""
    assert name(AnonymousUser()) == ""
