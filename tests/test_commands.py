"""The management commands, as cron calls them."""

import subprocess
import sys
from io import StringIO

import pytest
import requests
from django.core.management import CommandError, call_command

from wechat_subsidies import services
from wechat_subsidies.models import Heartbeat
from wechat_subsidies.sandbox import Sandbox

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
