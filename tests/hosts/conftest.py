"""How the people of these shops work: commands, files, and workers if they have some."""

from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from celery import Celery, current_app
from django.core.management import CommandError, call_command

from wechat_subsidies.conf import app_settings
from wechat_subsidies.sandbox import Sandbox

collect_ignore = ["projects"]  # run by test_projects.py, each in a process of its own

Run = Callable[..., list[str]]


@pytest.fixture
def run() -> Run:
    """Run a command; returns the lines that it writes, the last one its error if it ends in one."""

    def ran(command: str, *arguments: str) -> list[str]:
        out = StringIO()
        try:
            call_command(command, *arguments, stdout=out)
        except CommandError as error:
            out.write(f"error: {error}")
        return out.getvalue().splitlines()

    return ran


@pytest.fixture
def ask_by_file(run: Run, tmp_path: Path) -> Run:
    """Ask for what a file with these lines names; returns what the command says."""

    def asked(*lines: str, options: tuple[str, ...] = ()) -> list[str]:
        file = tmp_path / "refunds.csv"
        file.write_text("\n".join(lines), encoding="utf-8")
        return run("cancel_subsidies", str(file), *options)

    return asked


@pytest.fixture
def workers(gateway: Sandbox, settings: Any) -> Iterator[None]:
    """Have Celery's workers send, who run as soon as they are told; to be named after the shop."""
    before = current_app._get_current_object()
    app = Celery("shop", broker="memory://")
    app.conf.task_always_eager = True
    settings.WECHAT_SUBSIDIES = {**settings.WECHAT_SUBSIDIES, "DISPATCHER": "celery"}
    assert app_settings.dispatcher.problem() is None
    yield
    before.set_current()
    app.close()
