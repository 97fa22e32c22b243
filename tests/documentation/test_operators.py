"""The cron lines and the systemd unit of the documentation, as cron and systemd run them."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.races.conftest import address_of_database
from wechat_subsidies import services
from wechat_subsidies.models import SubsidyCancellation
from wechat_subsidies.sandbox import Sandbox

from .pages import ROOT, block, blocks

LINE = re.compile(r"^[\d*]+ [\d*]+ \* \* [\d*] +(cd .*)$", re.MULTILINE)
CRON = [
    line
    for page in ("README.md", "docs/operations.md", "docs/dispatchers.md")
    for each in blocks(page, holding="* * *")
    for line in LINE.findall(each.text)
]
UNIT = dict(
    re.findall(r"^(\w+)=(.+)$", block("docs/dispatchers.md", holding="[Unit]"), re.MULTILINE)
)
BARE = {"HOME": "/", "LOGNAME": "shop", "SHELL": "/bin/sh", "PATH": "/usr/bin:/bin"}
MANAGE = """
import os, sys
sys.path.insert(0, {root!r})
os.environ |= {{"DJANGO_SETTINGS_MODULE": "tests.settings", "TEST_DATABASE_URL": {database!r}}}
from django.conf import settings
from django.core.management import execute_from_command_line
settings.DEBUG = True
settings.WECHAT_SUBSIDIES = {{**settings.WECHAT_SUBSIDIES, "MERCHANTS": {{"default": {merchant!r}}}}}
execute_from_command_line(sys.argv)
"""

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def folder(gateway: Sandbox, tmp_path: Path) -> str:
    """What stands for /srv/shop: a manage.py, and a virtual environment's Python."""
    facts = {
        "root": str(ROOT),
        "database": address_of_database(),
        "merchant": gateway.merchant_settings(),
    }
    (tmp_path / "manage.py").write_text(MANAGE.format(**facts))
    python = tmp_path / "venv/bin/python"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} "$@"\n')
    python.chmod(0o755)
    return str(tmp_path)


def test_there_are_lines_for_cron() -> None:
    commands = {line.partition("manage.py ")[2].split()[0] for line in CRON}
    sweeps = {"process_subsidy_cancellations"}
    assert commands == sweeps | {"cancel_refunded_subsidies", "prune_subsidies"}


@pytest.mark.parametrize("line", sorted(set(CRON)))
def test_a_line_for_cron_runs_in_crons_bare_environment(folder: str, line: str) -> None:
    command = line.replace("/srv/shop", folder)
    ran = subprocess.run(command, shell=True, env=BARE, cwd="/", capture_output=True, text=True)
    assert (ran.returncode, ran.stderr) == (0, "")


def test_the_line_for_the_sweep_sends_and_has_cron_write_no_mail(
    gateway: Sandbox, folder: str
) -> None:
    (line,) = {line for line in CRON if "process_subsidy_cancellations" in line}
    services.cancel_subsidy(sub_mchid="1900013401", transaction_id="T1", send="later")
    command = line.replace("/srv/shop", folder)
    ran = subprocess.run(command, shell=True, env=BARE, cwd="/", capture_output=True, text=True)
    assert (ran.stdout, ran.stderr) == ("", "")
    assert SubsidyCancellation.objects.get().status == "succeeded"


def test_the_unit_ends_cleanly_within_its_time_when_it_is_stopped(
    gateway: Sandbox, folder: str
) -> None:
    gateway.faults.add("delay", seconds=1)
    services.cancel_subsidy(sub_mchid="1900013401", transaction_id="T1", send="later")
    process = subprocess.Popen(
        shlex.split(UNIT["ExecStart"].replace("/srv/shop", folder)),
        cwd=UNIT["WorkingDirectory"].replace("/srv/shop", folder),
        env=BARE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        gateway.wait_for_calls(1, timeout=30)
        process.terminate()
        _, err = process.communicate(timeout=float(UNIT["TimeoutStopSec"]))
    finally:
        process.kill()
        process.communicate()
    assert (process.returncode, "Traceback" in err) == (0, False)
    assert SubsidyCancellation.objects.get().status == "succeeded"
