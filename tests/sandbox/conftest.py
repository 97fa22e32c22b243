import pytest

from tests.sandbox.caller import Caller
from wechat_subsidies.sandbox import Sandbox


@pytest.fixture
def sandbox(wechatpay_sandbox: Sandbox) -> Sandbox:
    return wechatpay_sandbox


@pytest.fixture
def caller(sandbox: Sandbox) -> Caller:
    return Caller(sandbox.merchant_settings())
