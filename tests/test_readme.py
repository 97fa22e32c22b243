"""What the README says is so."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import requests
from django.contrib.auth.models import User
from django.core.handlers.wsgi import WSGIHandler
from prometheus_client import REGISTRY

from wechat_subsidies import services
from wechat_subsidies.management.figures import WORDS
from wechat_subsidies.sandbox import Sandbox
from wechat_subsidies.sandbox.faults import FAULTS

from .serving import served

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


@pytest.fixture
def cancel_over_http() -> Callable[..., dict[str, Any]]:
    """The README's client of the API."""
    (code,) = (block for block in PYTHON.findall(README) if "requests.Session" in block)
    names: dict[str, Any] = {}
    exec(compile(code, "README.md", "exec"), names)
    ask: Callable[..., dict[str, Any]] = names["cancel_subsidy"]
    return ask


@pytest.fixture
def shop(staff: User, settings: Any) -> Iterator[tuple[requests.Session, str]]:
    """A session of another system's with the shop, and the address of the API."""
    basic = "rest_framework.authentication.BasicAuthentication"
    settings.REST_FRAMEWORK = {"DEFAULT_AUTHENTICATION_CLASSES": [basic]}
    with served(WSGIHandler()) as url, requests.Session() as session:
        session.auth = ("lihua", "lihua")
        session.trust_env = False
        yield session, f"{url}/api/subsidies/"


@pytest.mark.django_db(transaction=True)
def test_the_client_asks_polls_and_is_done(
    gateway: Sandbox, make_order, shop, cancel_over_http, monkeypatch
) -> None:
    services.pause("default", reason="a look at the descriptions", paused_by=None)
    slept: list[float] = []

    def sweep_instead_of_sleeping(seconds: float) -> None:
        slept.append(seconds)
        services.resume("default")
        services.process_due()

    clock = SimpleNamespace(sleep=sweep_instead_of_sleeping)
    monkeypatch.setitem(cancel_over_http.__globals__, "time", clock)  # of the client alone
    order = make_order()
    done = cancel_over_http(*shop, order_reference=order.number)
    assert (done["status"], done["order_pk"]) == ("succeeded", str(order.pk))
    assert slept


@pytest.mark.django_db(transaction=True)
def test_the_client_stops_at_what_is_not_recorded(
    gateway: Sandbox, make_order, shop, cancel_over_http
) -> None:
    with pytest.raises(requests.HTTPError) as refusal:
        cancel_over_http(*shop, order=make_order(refunds=()).pk)
    assert refusal.value.response.json()["fields"]["order"][0]["code"] == "not_refunded"


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
