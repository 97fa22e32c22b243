import logging

import pytest

from tests.sandbox.caller import Caller
from wechat_subsidies.sandbox import Sandbox


def log_of(transaction_id: str, caplog: pytest.LogCaptureFixture) -> list[str]:
    caplog.set_level(logging.INFO, "wechat_subsidies.sandbox")
    # The line comes after the answer: it is sure to be there once the sandbox has stopped.
    with Sandbox() as sandbox:
        Caller(sandbox.merchant_settings()).cancel(transaction_id=transaction_id)
    return caplog.messages


def test_a_line_is_logged_for_each_request(caplog: pytest.LogCaptureFixture) -> None:
    line = "POST /v3/ecommerce/subsidies/cancel | 200 | carried out | order 42"
    assert line in log_of("42", caplog)


def test_a_line_is_one_line_whatever_it_holds(caplog: pytest.LogCaptureFixture) -> None:
    (line,) = [line for line in log_of("4\n2\x1b[0m退", caplog) if "退" in line]
    assert line.endswith("| order 4?2?[0m退")
