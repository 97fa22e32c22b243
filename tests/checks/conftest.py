"""The set-up to change, and what the checks say of it."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.checks import CheckMessage, run_checks

from wechat_subsidies.sandbox import Sandbox

Change = Callable[..., list[CheckMessage]]


@pytest.fixture
def problems(gateway: Sandbox, settings) -> Change:
    """What the checks say once a merchant, or the setting as a whole, has been changed."""
    settings.DEBUG = True

    def changed(
        merchant: dict[str, Any] | None = None, *, deploy: bool = False, **values: Any
    ) -> list[CheckMessage]:
        entry = {**gateway.merchant_settings(), **(merchant or {})}
        settings.WECHAT_SUBSIDIES = {
            **settings.WECHAT_SUBSIDIES,
            "MERCHANTS": {"default": entry},
            **values,
        }
        return [*run_checks(tags=["wechat_subsidies"], include_deployment_checks=deploy)]

    return changed
