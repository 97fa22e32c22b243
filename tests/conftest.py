"""What all tests share: the sandbox gateway, settings that point to it, and a small shop."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.auth.models import Permission, User
from django.contrib.contenttypes.models import ContentType
from django.core.management.commands import flush
from django.db import connection
from django.test import TransactionTestCase

from example_project.shop.models import Order, Refund, Seller

from .optional import MISSING, is_installed, missing_for

if TYPE_CHECKING:
    from wechat_subsidies.sandbox import Sandbox

if is_installed("cheroot"):
    pytest_plugins = ["wechat_subsidies.sandbox.pytest_plugin"]
else:

    @pytest.fixture
    def wechatpay_sandbox() -> None:
        """In place of the sandbox's own."""
        pytest.skip("needs the sandbox, which needs cheroot")


def pytest_report_header() -> str | None:
    return f"left out: what needs {', '.join(sorted(MISSING))}" if MISSING else None


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Leave out what needs a package that is not installed; None leaves it to others to decide."""
    return True if missing_for(collection_path) else None


@pytest.hookimpl(tryfirst=True)  # before `-m database` looks
def pytest_collection_modifyitems(items: list[pytest.Function]) -> None:
    """Mark the tests that use a database: `make test-databases` runs them on others, too."""
    for item in items:
        for package in (each for mark in item.iter_markers("needs") for each in mark.args):
            if not is_installed(package):
                item.add_marker(pytest.mark.skip(reason=f"needs {package}"))
        is_django = issubclass(item.cls or object, TransactionTestCase)
        if is_django or item.get_closest_marker("django_db") or "db" in item.fixturenames:
            item.add_marker("database")


@pytest.fixture(autouse=True, scope="session")
def quickly_emptied() -> Iterator[None]:
    """Have a test that commits leave little to be tidied up: that took longer than most tests.

    Kinds of content and permissions stay, instead of being made anew after each. PostgreSQL deletes
    the few rows that there are: to truncate its tables takes a hundred times as long.
    """
    made_by_migrate = {ContentType._meta.db_table, Permission._meta.db_table}
    operations = type(
        connection.ops
    )  # of every connection: threads, and a browser's driver, have their own
    usual = operations.sql_flush

    def statements(self: Any, style: Any, tables: Sequence[str], **how: Any) -> list[str]:
        emptied = [table for table in tables if table not in made_by_migrate]
        if self.connection.vendor == "postgresql" and not how.get("reset_sequences"):
            return [f"DELETE FROM {self.quote_name(table)}" for table in emptied]
        return usual(self, style, emptied, **how)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(operations, "sql_flush", statements)
        patched.setattr(flush, "emit_post_migrate_signal", lambda *args, **kwargs: None)
        yield


@pytest.fixture
def gateway(wechatpay_sandbox: "Sandbox", settings: Any) -> "Sandbox":
    """The sandbox, empty, with the shop's settings pointing to it."""
    settings.WECHAT_SUBSIDIES = {
        **settings.WECHAT_SUBSIDIES,
        "MERCHANTS": {"default": wechatpay_sandbox.merchant_settings()},
    }
    return wechatpay_sandbox


@pytest.fixture
def make_order(db: None) -> Callable[..., Order]:
    """Make orders of the shop: fully refunded ones with a subsidy, unless told otherwise."""
    count = 0

    def make(*, refunds: tuple[int, ...] = (1000,), **fields: Any) -> Order:
        nonlocal count
        count += 1
        seller, _ = Seller.objects.get_or_create(
            wechat_mchid="1900013401", defaults={"name": "茶馆"}
        )
        values = {
            "number": f"N{count:04}",
            "seller": seller,
            "title": "龙井茶",
            "wechat_transaction_id": f"42000000{count:020}",
            "paid_fen": 1000,
            "subsidy_fen": 200,
        }
        order = Order.objects.create(**values | fields)
        for number, fen in enumerate(refunds):
            Refund.objects.create(order=order, refund_id=f"50{order.pk:020}{number:06}", fen=fen)
        return order

    return make


@pytest.fixture
def staff(db: None) -> User:
    """Staff who may work with orders and cancel subsidies."""
    user = User.objects.create_user("lihua", password="lihua", is_staff=True)
    codenames = ["view_order", "change_order", "cancel_subsidy", "view_subsidycancellation"]
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    return user
