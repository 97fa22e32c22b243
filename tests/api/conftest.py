"""Callers of the API, and a shop of several sellers."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from rest_framework.test import APIClient

from wechat_subsidies.conf import app_settings

from .calls import CANCELLATIONS


@pytest.fixture
def make_user(db: None) -> Callable[..., User]:
    """Make users with these permissions of ours."""

    def make(username: str, *codenames: str) -> User:
        user = User.objects.create_user(username, password=username)
        user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
        return user

    return make


@pytest.fixture
def caller(make_user: Callable[..., User]) -> User:
    """The order-management service: it may cancel subsidies."""
    return make_user("oms", "cancel_subsidy")


@pytest.fixture
def api(caller: User) -> APIClient:
    """A client of that caller."""
    client = APIClient()
    client.force_authenticate(caller)
    return client


@pytest.fixture
def post(api: APIClient) -> Callable[..., Any]:
    """Ask for a cancellation with this body."""

    def send(body: Any, **headers: str) -> Any:
        text = json.dumps(body)  # escapes half surrogate pairs, which DRF's renderer cannot encode
        return api.post(CANCELLATIONS, text, content_type="application/json", **headers)

    return send


@pytest.fixture
def change_orders(settings: Any) -> Callable[..., None]:
    """Change keys of the mapping of the shop's orders."""

    def change(**keys: Any) -> None:
        mapping = {**app_settings.orders["shop.Order"], **keys}
        settings.WECHAT_SUBSIDIES = {
            **settings.WECHAT_SUBSIDIES,
            "ORDERS": {"shop.Order": mapping},
        }

    return change


@pytest.fixture
def change_settings(settings: Any) -> Callable[..., None]:
    """Change keys of WECHAT_SUBSIDIES."""

    def change(**keys: Any) -> None:
        settings.WECHAT_SUBSIDIES = {**settings.WECHAT_SUBSIDIES, **keys}

    return change


@pytest.fixture
def by_seller(
    change_orders: Callable[..., None], change_settings: Callable[..., None]
) -> Callable[..., None]:
    """Callers see the sellers whose keys their header names; without the header all."""
    change_orders(scope="seller_id")

    def scopes(request: Any) -> Any:
        named = request.headers.get("X-Sellers")
        return None if named is None else named.split(",")

    change_settings(SCOPES=scopes)
    return change_settings
