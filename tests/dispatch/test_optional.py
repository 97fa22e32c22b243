"""Nothing of the app needs an engine that was not chosen."""

import json
import os
import subprocess
import sys

import pytest

WITHOUT = """
import sys
sys.modules.update(dict.fromkeys(json.loads(os.environ["MISSING"])))  # importing them now fails
import django
from django.conf import settings
settings.WECHAT_SUBSIDIES = {**settings.WECHAT_SUBSIDIES, **json.loads(os.environ["CHOSEN"])}
django.setup()
loaded = [each for each in ("celery", "kombu", "django_tasks") if sys.modules.get(each)]
import wechat_subsidies.admin, wechat_subsidies.api.urls, wechat_subsidies.services
from django.core.checks import run_checks
words = [f"{each.msg} {each.hint}" for each in run_checks(tags=["wechat_subsidies"])]
print(json.dumps([words, loaded]))
"""
ENGINES = ["celery", "kombu", "django_tasks", "django.tasks"]


def set_up(dispatcher: str, *, missing: list[str]) -> tuple[str, list[str]]:
    """What the checks say of DISPATCHER, and which engines setting up has imported."""
    environment = {"MISSING": json.dumps(missing), "CHOSEN": json.dumps({"DISPATCHER": dispatcher})}
    come = subprocess.run(
        [sys.executable, "-c", "import json, os" + WITHOUT],
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "tests.settings"} | environment,
        capture_output=True,
        check=True,
        text=True,
    )
    words, loaded = json.loads(come.stdout)
    return "\n".join(each for each in words if "DISPATCHER" in each), loaded


def test_inline_imports_no_engine() -> None:
    assert set_up("inline", missing=[]) == ("", [])


def test_inline_needs_no_engine() -> None:
    assert set_up("inline", missing=ENGINES) == ("", [])


@pytest.mark.parametrize(("dispatcher", "extra"), [("celery", "celery"), ("django_tasks", "tasks")])
def test_an_engine_that_is_chosen_and_missing_is_named(dispatcher: str, extra: str) -> None:
    words, _ = set_up(dispatcher, missing=ENGINES)
    assert f"is '{dispatcher}', which cannot be imported" in words
    assert f"django-wechat-subsidies[{extra}]" in words


@pytest.mark.needs("celery")
def test_celery_that_is_chosen_is_imported_for_its_workers_to_know_the_tasks() -> None:
    _, loaded = set_up("celery", missing=["django_tasks", "django.tasks"])
    assert loaded == ["celery", "kombu"]
