"""What the README says is so."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client import REGISTRY

from wechat_subsidies import services
from wechat_subsidies.management.figures import WORDS
from wechat_subsidies.sandbox import Sandbox
from wechat_subsidies.sandbox.faults import FAULTS

README = (Path(__file__).parent.parent / "README.md").read_text()
PYTHON = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
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


def test_every_figure_that_can_be_watched_is_told() -> None:
    section = README.partition("### Watching it")[2].partition("\n### ")[0]
    assert re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE) == list(WORDS)


@pytest.fixture
def collector() -> Iterator[None]:
    """The README's collector of figures, registered with Prometheus by its own code."""
    (code,) = (block for block in PYTHON.findall(README) if "prometheus_client" in block)
    names: dict[str, type] = {}
    registered = set(REGISTRY._collector_to_names)
    exec(compile(code, "README.md", "exec"), names)
    yield
    for each in set(REGISTRY._collector_to_names) - registered:
        REGISTRY.unregister(each)


def test_registering_the_collector_asks_the_database_nothing(collector: None) -> None:
    """Without the mark that allows a test the database, asking it is an error."""


@pytest.mark.django_db(transaction=True)
def test_the_collector_tells_prometheus_how_sending_stands(
    gateway: Sandbox, collector: None
) -> None:
    services.cancel_subsidy(sub_mchid="1900013401", transaction_id="T1")
    services.cancel_subsidy(sub_mchid="1900013401", transaction_id="T2", send="later")
    assert REGISTRY.get_sample_value("wechat_subsidies_due") == 1
    assert REGISTRY.get_sample_value("wechat_subsidies_last_sweep_age") == float("inf")
    assert REGISTRY.get_sample_value("wechat_subsidies_calls", {"outcome": "succeeded"}) == 1
    assert REGISTRY.get_sample_value("wechat_subsidies_calls", {"outcome": "unknown"}) == 0
