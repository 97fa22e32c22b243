"""What the tests of the admin share: people, a desk to sit at, and drafts."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from example_project.shop.models import Order
from wechat_subsidies.models import CancellationBatch
from wechat_subsidies.services import draft_batch

from .rows import ask  # noqa: F401  (a fixture)


def staff_with(name: str, *codenames: str) -> User:
    user = User.objects.create_user(name, is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    return user


@pytest.fixture
def desk(staff: User) -> Client:
    """A browser in which somebody is logged in who may cancel subsidies."""
    client = Client()
    client.force_login(staff)
    return client


@pytest.fixture
def onlooker(db: None) -> Client:
    """A browser of staff who may see and change orders, and no more."""
    client = Client()
    client.force_login(staff_with("onlooker", "view_order", "change_order"))
    return client


@pytest.fixture
def colleague(db: None) -> Client:
    """A browser of somebody else who may cancel subsidies."""
    client = Client()
    client.force_login(staff_with("wangfang", "view_order", "cancel_subsidy"))
    return client


@pytest.fixture
def draft(staff: User) -> Callable[..., CancellationBatch]:
    """Draft a batch of orders as the logged-in staff."""

    def make(*orders: Order, requested_by: User = staff) -> CancellationBatch:
        return draft_batch(orders, requested_by=requested_by, source="admin")

    return make
