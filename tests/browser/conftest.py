"""A real browser before the example shop: Debian's Chromium, or the one that CHROMIUM names.

The shop is served over HTTP with a strict Content-Security-Policy, and its WeChat Pay is the sandbox.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import pytest
from django.conf import settings as django_settings
from django.contrib.auth.models import Permission, User
from django.test import override_settings
from pytest_django.live_server_helper import LiveServer

from wechat_subsidies.sandbox import Sandbox, changes, faults

from .scene import REFUSED, Scene, Texts

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from .windows import Windows

collect_ignore_glob = [] if find_spec("playwright") else ["test_*.py"]  # the extra test-browser


@pytest.hookimpl(tryfirst=True)  # before `-m browser` looks
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "chromium" in getattr(item, "fixturenames", ()):
            item.add_marker("browser")


@pytest.fixture(scope="session")
def chromium() -> "Iterator[Browser]":
    """The browser, without a window. Skips the test where there is none, unless CI is set."""
    from playwright.sync_api import sync_playwright

    path = shutil.which(os.environ.get("CHROMIUM", "chromium"))
    if path is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(
            "There is no Chromium. Install it (apt install chromium), or name one: CHROMIUM=/usr/bin/chrome"
        )
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        # Playwright runs an event loop in this thread, which Django takes for asynchronous code.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        browser = playwright.chromium.launch(executable_path=path)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def live_server(request: pytest.FixtureRequest) -> Iterator[LiveServer]:
    """The shop, served with the strict policy; the name is the one that pytest-django looks for."""
    middleware = ["tests.browser.serving.strict_and_counted", *django_settings.MIDDLEWARE]
    with override_settings(MIDDLEWARE=middleware):
        server = LiveServer("127.0.0.1")
    yield server
    server.stop()


@pytest.fixture
def windows(chromium: "Browser", live_server: LiveServer, gateway: Any) -> "Iterator[Windows]":
    """Windows of the browser, which afterwards must have complained of nothing."""
    from .windows import windows_that_complain_of_nothing

    with windows_that_complain_of_nothing(chromium, live_server.url) as windows:
        yield windows


@pytest.fixture
def finance(transactional_db: None) -> User:
    """Staff who may do all that our pages offer, and see orders."""
    user = User.objects.create_user("lihua", password="lihua", is_staff=True, first_name="李华")
    ours = Permission.objects.filter(content_type__app_label="wechat_subsidies")
    orders = Permission.objects.filter(codename__in=["view_order", "change_order"])
    user.user_permissions.set(ours | orders)
    return user


@pytest.fixture
def furnish(
    gateway: Sandbox,
    make_order: Callable[..., Any],
    finance: User,
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[..., dict[str, str]]:
    """Let something of everything happen in the shop; returns where our pages are, by name."""

    def make(texts: Texts | None = None) -> dict[str, str]:
        texts = texts or Texts()
        refusal = changes.refused(400, "INVALID_REQUEST", texts.message)
        fault = faults.Fault(name=REFUSED, meaning="refused", done=False, change=refusal)
        monkeypatch.setitem(faults.FAULTS, REFUSED, fault)
        User.objects.filter(pk=finance.pk).update(first_name=texts.name)
        scene = Scene(gateway=gateway, make_order=make_order, texts=texts, user=finance)
        return scene.pages()

    return make
