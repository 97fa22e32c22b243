"""What is written to the log, one line for each call and for each change of a state."""

import logging
from typing import Any

import pytest

from wechat_subsidies import logbook, services
from wechat_subsidies.sandbox import Sandbox

IDS = {"sub_mchid": "1900013401", "transaction_id": "T1"}


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> Any:
    """The lines so far, without the numbers that differ from run to run."""
    caplog.set_level(logging.INFO, logger="wechat_subsidies")

    def so_far() -> list[str]:
        kept = {"status", "why", "by", "source", "operation", "outcome", "reason", "transaction_id"}
        facts = [record.subsidies for record in caplog.records if hasattr(record, "subsidies")]
        return [
            " ".join([each["event"], *(f"{k}={v}" for k, v in each.items() if k in kept)])
            for each in facts
        ]

    return so_far


@pytest.mark.django_db(transaction=True)
def test_a_life_is_written_down_call_by_call_and_state_by_state(
    gateway: Sandbox, lines: Any
) -> None:
    gateway.faults.add("fail_result", times=1)
    row = services.cancel_subsidy(**IDS, send="later")
    services.withdraw(row, requested_by="anna")
    row = services.cancel_subsidy(**IDS, requested_by="bo")
    services.retry(row, requested_by="anna", send="later")
    assert lines() == [
        "changed transaction_id=T1 status=pending why=asked source=service",
        "changed transaction_id=T1 status=withdrawn why=withdrawn by=anna",
        "changed transaction_id=T1 status=pending why=asked_again by=bo source=service",
        "called operation=cancel transaction_id=T1 outcome=refused reason=result_fail status=failed",
        "changed transaction_id=T1 status=pending why=retried by=anna",
    ]


@pytest.mark.django_db
def test_what_is_rolled_back_is_not_written_down(gateway: Sandbox, lines: Any) -> None:
    services.cancel_subsidy(**IDS)  # in the transaction of this test, which is never committed
    assert lines() == []


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("T1", "T1"),
        (7, "7"),
        ("two words", '"two words"'),
        ("line\nbreak status=x", '"line\\nbreak status=x"'),
        ('"', '"\\""'),
        ("\u202e", '"\\u202e"'),
        ("订单", "订单"),
    ],
)
def test_no_value_leaves_its_place_in_the_line(
    caplog: pytest.LogCaptureFixture, value: object, written: str
) -> None:
    caplog.set_level(logging.INFO, logger="wechat_subsidies")
    logbook.write("event", value=value, nothing=None, empty="")
    assert caplog.messages == [f"event value={written}"]
