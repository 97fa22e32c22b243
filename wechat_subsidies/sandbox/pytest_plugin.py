"""The sandbox as a pytest fixture.

In the conftest.py at the root of your tests:

    pytest_plugins = ["wechat_subsidies.sandbox.pytest_plugin"]
"""

from collections.abc import Iterator

import pytest

from wechat_subsidies.sandbox import Sandbox


@pytest.fixture(scope="session")
def wechatpay_sandbox_server() -> Iterator[Sandbox]:
    """One running sandbox for the whole session: making its keys takes a while."""
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def wechatpay_sandbox(wechatpay_sandbox_server: Sandbox) -> Iterator[Sandbox]:
    """A sandbox that knows of nothing yet, the same server for every test."""
    wechatpay_sandbox_server.reset()
    yield wechatpay_sandbox_server
    wechatpay_sandbox_server.reset()
