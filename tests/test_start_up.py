"""What happens while a project starts: as little as can be."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest

ROOT: Final = Path(__file__).resolve().parent.parent

# Each belongs to something that a project may not use, or that its start does not need.
LATER: Final = {
    "celery",
    "cheroot",
    "cryptography",
    "django_filters",
    "django_tasks",
    "drf_spectacular",
    "kombu",
    "requests",
    "urllib3",
}

# DRF imports `requests` for its test client if it is there; here it says that it is not.
STARTED: Final = """
import json, sys
sys.modules["requests"] = None
import django
from django.conf import settings
opened, connected = [], []
def note(event, arguments):
    if event == "open":
        opened.append(str(arguments[0]))
    if event == "socket.connect":
        connected.append(str(arguments))
settings.configure(**json.loads(sys.argv[1]))
sys.addaudithook(note)
django.setup()
del sys.modules["requests"]
print(json.dumps({"modules": sorted(sys.modules), "opened": opened, "connected": connected}))
"""


@pytest.fixture(scope="module")
def started() -> dict[str, Any]:
    """What a process has imported, opened and called by the time that Django is set up."""
    merchant = {
        "MCHID": "1900000001",
        "PRIVATE_KEY": "/etc/wechatpay/apiclient_key.pem",
        "WECHATPAY_PUBLIC_KEY": "/etc/wechatpay/pub_key.pem",
    }
    settings = {
        "INSTALLED_APPS": [
            "django.contrib.contenttypes",
            "django.contrib.auth",
            "rest_framework",
            "wechat_subsidies",
        ],
        "WECHAT_SUBSIDIES": {
            "MERCHANTS": {"default": merchant},
            "ORDERS": {"auth.User": {"queryset": "tests.checks.never_imported.orders"}},
        },
    }
    command = [sys.executable, "-c", STARTED, json.dumps(settings)]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_no_package_is_imported_that_is_needed_later_or_never(started: dict[str, Any]) -> None:
    assert {name.partition(".")[0] for name in started["modules"]} & LATER == set()


def test_nothing_of_ours_is_imported_but_settings_and_models(started: dict[str, Any]) -> None:
    ours = {name for name in started["modules"] if name.startswith("wechat_subsidies.")}
    parts = {name.split(".")[1] for name in ours}
    assert parts == {"apps", "conf", "models"}


def test_no_key_and_nothing_of_the_shops_is_read(started: dict[str, Any]) -> None:
    assert [path for path in started["opened"] if "wechatpay" in path] == []
    assert [name for name in started["modules"] if name.startswith("tests")] == []


def test_nothing_is_fetched(started: dict[str, Any]) -> None:
    assert started["connected"] == []
