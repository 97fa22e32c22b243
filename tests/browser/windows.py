"""Windows of the browser: who sits in front of them, and what they complain of."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Dialog, Page, expect

from .serving import wait_until_idle

PATIENCE = 30_000  # milliseconds, for whatever a test waits for: the machine may be busy
expect.set_options(timeout=PATIENCE)


@dataclass
class Windows:
    """Opens windows, each a browser of its own, and remembers what is said in their consoles.

    A violation of the Content-Security-Policy is said there, too, and so is an answer of 400 and more,
    that to the question for an icon apart: the example shop has none.
    """

    browser: Browser
    url: str
    complaints: list[str] = field(default_factory=list)
    contexts: list[BrowserContext] = field(default_factory=list)

    def open(self, user: User | None = None, *, language: str = "en", **options: Any) -> Page:
        """A window in which this user, if any, is logged in. `options` are those of Playwright's contexts."""
        context = self.browser.new_context(base_url=self.url, locale=language, **options)
        context.set_default_timeout(PATIENCE)
        context.on("console", self.heard)
        context.on("weberror", lambda error: self.complaints.append(str(error.error)))
        context.on("dialog", self.asked)
        if user is not None:
            context.add_cookies([{**session_cookie(user), "url": self.url}])
        self.contexts.append(context)
        return context.new_page()

    def heard(self, message: ConsoleMessage) -> None:
        url = message.location["url"]
        if message.type in {"error", "warning"} and not url.endswith("/favicon.ico"):
            self.complaints.append(f"{message.text} ({url})")

    def asked(self, dialog: Dialog) -> None:
        self.complaints.append(f"A dialog: {dialog.message}")
        dialog.dismiss()

    def close(self) -> None:
        for context in self.contexts:
            context.close()


def session_cookie(user: User) -> dict[str, str]:
    client = Client()
    client.force_login(user)
    name = settings.SESSION_COOKIE_NAME
    return {"name": name, "value": client.cookies[name].value}


@contextmanager
def windows_that_complain_of_nothing(browser: Browser, url: str) -> Iterator[Windows]:
    """Windows, closed afterwards. Asserts that nothing was wrong with any page that they showed."""
    windows = Windows(browser=browser, url=url)
    try:
        yield windows
    finally:
        windows.close()
        wait_until_idle()
    assert not windows.complaints, "\n".join(windows.complaints)
