"""Dispatchers to try without a broker."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from wechat_subsidies.conf import app_settings
from wechat_subsidies.dispatch.hints import HintingDispatcher

if TYPE_CHECKING:
    from wechat_subsidies.sandbox import Sandbox


class Remembering(HintingDispatcher):
    """Remembers the hints, and fails if it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.hints: list[tuple[str, Any]] = []
        self.error: Exception | None = None

    def hint(self, name: str, ids: Any) -> None:
        self.hints.append((name, ids))
        if self.error:
            raise self.error


@pytest.fixture
def choose(gateway: "Sandbox", settings: Any) -> Callable[..., Any]:
    """Set DISPATCHER, and what else; returns the dispatcher."""

    def chosen(dispatcher: str, **values: Any) -> Any:
        settings.WECHAT_SUBSIDIES = {
            **settings.WECHAT_SUBSIDIES,
            "DISPATCHER": dispatcher,
            **values,
        }
        return app_settings.dispatcher

    return chosen


@pytest.fixture
def hinting(choose: Callable[..., Any]) -> Remembering:
    """Workers that never come to it."""
    chosen: Remembering = choose("tests.dispatch.conftest.Remembering")
    return chosen
