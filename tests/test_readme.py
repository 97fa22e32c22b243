"""What the README says is so."""

import re
from pathlib import Path

import pytest

from wechat_subsidies import services
from wechat_subsidies.sandbox import Sandbox
from wechat_subsidies.sandbox.faults import FAULTS

README = (Path(__file__).parent.parent / "README.md").read_text()
ROW = re.compile(r"^\| `(\w+)` \| (\w+) \| (yes|no) \| `(\w+)` \|", re.MULTILINE)


def test_every_fault_of_the_sandbox_has_its_row() -> None:
    assert sorted(fault for fault, *_ in ROW.findall(README)) == sorted(FAULTS)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("fault", "status", "in_doubt", "reason"), ROW.findall(README))
def test_a_cancellation_shows_what_its_row_says(
    gateway: Sandbox, settings, fault: str, status: str, in_doubt: str, reason: str
) -> None:
    merchant = gateway.merchant_settings() | {"TIMEOUT": (1, 0.5)}
    settings.WECHAT_SUBSIDIES = {"MERCHANTS": {"default": merchant}}
    seconds = 0.05 if fault in {"delay", "drip"} else None
    gateway.faults.add(fault, transaction_id="T1", seconds=seconds)
    cancellation = services.cancel_subsidy(sub_mchid="1900013401", transaction_id="T1")
    assert (cancellation.status, cancellation.reason) == (status, reason)
    assert cancellation.in_doubt == (in_doubt == "yes")
