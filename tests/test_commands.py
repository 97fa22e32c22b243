"""The management commands, as cron calls them."""

import gc
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from io import StringIO

import pytest
import requests
from django.core.management import CommandError, call_command
from django.db import connection

from wechat_subsidies import services
from wechat_subsidies.management import progress
from wechat_subsidies.models import Heartbeat, SubsidyCancellation
from wechat_subsidies.sandbox import Sandbox
from wechat_subsidies.sender import ProcessReport

pytestmark = pytest.mark.django_db(transaction=True)


def output(*arguments: str) -> str:
    out = StringIO()
    call_command("process_subsidy_cancellations", *arguments, stdout=out)
    return out.getvalue().strip()


def test_what_is_due_is_sent_and_counted(gateway: Sandbox) -> None:
    for number in range(3):
        services.cancel_subsidy(sub_mchid="1900013401", transaction_id=f"T{number}", send="later")
    gateway.faults.add("fail_result", transaction_id="T0")
    assert output() == "3 calls: refused 1, succeeded 2"
    assert output() == "Nothing was due."


def test_a_sweep_leaves_its_heartbeat(gateway: Sandbox) -> None:
    output()
    first = Heartbeat.objects.get()
    output()
    assert Heartbeat.objects.get().beat_at > first.beat_at


def test_while_it_sends_the_collector_leaves_alone_what_is_loaded(
    gateway: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    def process_due(**options: object) -> ProcessReport:
        frozen.append(gc.get_freeze_count() > 0)
        return ProcessReport()

    frozen: list[bool] = []
    monkeypatch.setattr(services, "process_due", process_due)
    output()
    assert (frozen, gc.get_freeze_count()) == ([True], 0)


def test_an_unknown_merchant_is_named(gateway: Sandbox) -> None:
    with pytest.raises(CommandError, match="no merchant “shp”; it has: default"):
        output("--merchant", "shp")


@pytest.mark.parametrize("limit", ["0", "-1", "many"])
def test_a_limit_that_is_none_is_refused(limit: str) -> None:
    with pytest.raises(CommandError, match="is no number above 0"):
        output(f"--limit={limit}")


def test_the_limit_is_kept(gateway: Sandbox) -> None:
    for number in range(3):
        services.cancel_subsidy(sub_mchid="1900013401", transaction_id=f"T{number}", send="later")
    assert output("--limit", "1", "--merchant", "default") == "1 calls: succeeded 1"


def test_the_sandbox_is_a_command_of_the_shop() -> None:
    process = subprocess.Popen(
        [sys.executable, "example_project/manage.py", "wechatpay_sandbox", "--quiet"],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        words = (word for line in process.stdout for word in line.split())
        url = next(word.strip(",.") for word in words if "http://" in word)
        assert requests.get(url, timeout=5).status_code == 200
    finally:
        process.terminate()
        process.communicate(timeout=10)
    assert process.returncode == 0


@pytest.fixture
def forever(gateway: Sandbox) -> Iterator[subprocess.Popen[str]]:
    """The command in a process of its own, against this test's database and sandbox."""
    name = str(connection.settings_dict["NAME"])
    code = CHILD.format(merchant=gateway.merchant_settings(), name=name)
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"},
    )
    yield process
    process.kill()
    process.communicate()


CHILD = """
import django
from django.conf import settings
settings.DATABASES["default"]["NAME"] = {name!r}
settings.WECHAT_SUBSIDIES = {{**settings.WECHAT_SUBSIDIES, "MERCHANTS": {{"default": {merchant!r}}}}}
django.setup()
from django.core.management import call_command
call_command("process_subsidy_cancellations", "--forever")
"""


def wait_for(condition: Callable[[], bool]) -> None:
    for _ in range(200):
        if condition():
            return
        time.sleep(0.05)
    raise AssertionError("it did not come about in ten seconds")


def test_terminated_it_records_what_is_under_way_and_ends(
    gateway: Sandbox, forever: subprocess.Popen[str]
) -> None:
    gateway.faults.add("delay", seconds=1)
    services.cancel_subsidy(sub_mchid="1900013401", transaction_id="T1", send="later")
    wait_for(lambda: bool(gateway.calls()))
    services.cancel_subsidy(sub_mchid="1900013401", transaction_id="T2", send="later")
    forever.terminate()
    out, err = forever.communicate(timeout=20)
    assert (forever.returncode, out.strip()) == (0, "1 calls: succeeded 1")
    assert "Finishing the calls that are under way." in err
    statuses = SubsidyCancellation.objects.order_by("pk").values_list("status", flat=True)
    assert list(statuses) == ["succeeded", "pending"]


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


def test_on_a_terminal_a_bar_is_drawn(gateway: Sandbox) -> None:
    services.cancel_subsidy(sub_mchid="1900013401", transaction_id="T1", send="later")
    out = Terminal()
    call_command("process_subsidy_cancellations", stdout=out)
    assert out.getvalue() == f"\r[{'#' * 40}] 1/1\n1 calls: succeeded 1\n"


def test_elsewhere_a_line_is_written_now_and_then(
    gateway: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "BETWEEN_LINES", 0.0)
    services.cancel_subsidy(sub_mchid="1900013401", transaction_id="T1", send="later")
    assert output() == "1 calls: succeeded 1\n1 calls: succeeded 1"
