"""What the projects' tests share: the sandbox, and settings that point to it."""

from typing import Any

import pytest

from wechat_subsidies.sandbox import Sandbox

pytest_plugins = ["wechat_subsidies.sandbox.pytest_plugin"]
pytest.register_assert_rewrite("tests.hosts.projects.life")


@pytest.fixture(autouse=True)
def gateway(wechatpay_sandbox: Sandbox, settings: Any) -> Sandbox:
    """The sandbox, empty, with the project's settings pointing to it."""
    settings.WECHAT_SUBSIDIES = {
        **settings.WECHAT_SUBSIDIES,
        "MERCHANTS": {"default": wechatpay_sandbox.merchant_settings()},
    }
    return wechatpay_sandbox
