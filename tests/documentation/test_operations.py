"""docs/operations.md: what it shows of commands, figures, pauses and the log is so."""

import logging
import re
import shlex
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from prometheus_client import REGISTRY

from wechat_subsidies import services
from wechat_subsidies.management.figures import WORDS
from wechat_subsidies.sandbox import Sandbox

from .pages import Command, block, commands, rows_of

PAGE = "docs/operations.md"
COLLECTOR = block(PAGE, holding="prometheus_client")
FROM_A_FILE = block(PAGE, holding="refunds.csv")
WATCHING = block(PAGE, holding="--status")
PAUSING = block(PAGE, holding="subsidy_sending")
LOG = block(PAGE, holding="called operation=")
MANAGE = "python manage.py "


def manage(command: Command) -> str:
    """What a manage.py command of the page prints."""
    words = shlex.split(command.line.removeprefix(MANAGE), comments=True)
    out = StringIO()
    call_command(*words, stdout=out)
    return out.getvalue()


@pytest.mark.django_db(transaction=True)
def test_a_file_is_asked_for_as_shown(
    gateway: Sandbox, make_order, staff, tmp_path: Path, monkeypatch
) -> None:
    make_order(number="SC1004")
    monkeypatch.chdir(tmp_path)
    shown, *ran = commands(FROM_A_FILE)
    Path("refunds.csv").write_text(shown.output)
    assert [manage(each) for each in ran] == [each.output for each in ran]


@pytest.mark.django_db(transaction=True)
def test_nothing_is_amiss_where_all_is_well(gateway: Sandbox) -> None:
    services.process_due()
    status, failing = commands(WATCHING)
    assert "oldest_due" in manage(status)
    manage(failing)


@pytest.mark.django_db(transaction=True)
def test_what_is_paused_is_listed_and_resumed(gateway: Sandbox) -> None:
    pause, listed, resume = commands(PAUSING)
    manage(pause)
    assert "wrong descriptions" in manage(listed)
    manage(resume)
    assert services.status().pauses == ()


@pytest.mark.django_db(transaction=True)
def test_a_call_is_logged_with_these_facts(gateway: Sandbox, caplog) -> None:
    caplog.set_level(logging.INFO, logger="wechat_subsidies")
    services.cancel_subsidy(sub_mchid="1900013401", transaction_id="T1")
    (line,) = (each for each in caplog.messages if each.startswith("called"))
    assert re.findall(r" (\w+)=", line) == re.findall(r" (\w+)=", LOG)


def test_every_figure_that_can_be_watched_is_told() -> None:
    told = [name.strip("`") for name, _ in rows_of(PAGE, header="| figure")]
    assert told == list(WORDS)


@pytest.fixture
def collector() -> Iterator[None]:
    """The page's collector of figures, registered with Prometheus by its own code."""
    names: dict[str, type] = {}
    registered = set(REGISTRY._collector_to_names)
    exec(compile(COLLECTOR, PAGE, "exec"), names)
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
