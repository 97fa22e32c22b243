"""What docs/sandbox.md says of faults and endpoints is what there is."""

import re
from pathlib import Path

from wechat_subsidies.sandbox.control.api import ROUTES
from wechat_subsidies.sandbox.faults import FAULTS

TEXT = (Path(__file__).parents[2] / "docs" / "sandbox.md").read_text()


def test_every_fault_is_documented_with_whether_the_work_is_done() -> None:
    rows = re.findall(r"^\| `(\w+)` \| .+ \| (yes|no) \|$", TEXT, re.MULTILINE)
    assert rows == [(name, "yes" if fault.done else "no") for name, fault in FAULTS.items()]


def test_every_endpoint_is_documented() -> None:
    assert [route.template for route in ROUTES if f"{route.template}" not in TEXT] == []
