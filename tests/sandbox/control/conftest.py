import pytest

from tests.sandbox.control.http import Control
from wechat_subsidies.sandbox import Sandbox


@pytest.fixture
def control(sandbox: Sandbox) -> Control:
    return Control(sandbox)
