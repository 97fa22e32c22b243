from dataclasses import dataclass

from django.contrib.auth.models import AnonymousUser
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


def test_a_name_is_what_the_caller_calls_itself():
    assert name("erp") == "erp"
    assert name(None) == ""
    assert name(AnonymousUser()) == ""
