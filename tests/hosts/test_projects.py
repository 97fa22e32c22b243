"""Shops whose settings hold from the start of a process: each is run in one of its own.

A custom user model, the kind of keys, time zones and where tables are cannot be changed later.
"""

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

HERE: Final = Path(__file__).parent
ROOT: Final = HERE.parent.parent
PROJECTS: Final = "tests/hosts/projects"
KEPT_OUT: Final = {"PYTEST_ADDOPTS", "DJANGO_SETTINGS_MODULE"}  # meant for these tests here


@pytest.mark.database
@pytest.mark.parametrize(
    ("tests", "settings"),
    [
        ("members", "members.settings"),
        ("kiosk", "kiosk.settings"),
        ("inn", "inn.settings"),
        ("warehouse/test_ledger_apart.py", "warehouse.ledger_apart"),
        ("warehouse/test_deliveries_apart.py", "warehouse.deliveries_apart"),
        ("warehouse/test_replica.py", "warehouse.replica"),
    ],
)
def test_the_whole_life_of_a_cancellation_in(tests: str, settings: str) -> None:
    """Run the project's tests as its developers would."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    command += ["--confcutdir", PROJECTS, "--ds", f"tests.hosts.projects.{settings}"]
    done = subprocess.run(
        [*command, f"{PROJECTS}/{tests}"],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if name not in KEPT_OUT},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
