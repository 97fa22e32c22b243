"""A shop made from nothing, by the letter of the README's five minutes."""

import os
import re
import shlex
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from itertools import dropwhile
from pathlib import Path
from typing import Any

import requests

from .pages import ROOT, Block, blocks, commands

PAGE, CHAPTER = "README.md", "Five minutes with your own shop"
FILE = re.compile(r"# ([\w/]+\.py)")
INSTALLING = ("python3 -m venv", ". venv/bin", "pip install")  # by hand, and by tests/package
STEPS = [
    step
    for block in blocks(PAGE, chapter=CHAPTER)
    for step in (commands(block.text) if block.language == "console" else [block])
]
PASSWORD = "five minutes"
EVERYBODYS = {"NO_PROXY": "*", "DJANGO_SUPERUSER_PASSWORD": PASSWORD}


@contextmanager
def shop_of_five_minutes(shop: "Shop") -> Iterator["Shop"]:
    """The shop as the README has it made, with the sandbox and the site running."""
    with ExitStack() as running:
        for step in STEPS:
            if isinstance(step, Block):
                shop.write(step.text)
            elif "wechat_subsidies.sandbox" in step.line:
                line = step.line.replace("--port 8089", "--port 0")
                shop.paste(running.enter_context(shop.running(line)))
            elif step.line == "python manage.py runserver":
                shop.url = f"http://127.0.0.1:{free_port()}"
                address = shop.url.removeprefix("http://")
                running.enter_context(shop.running(f"{step.line} {address} --noreload"))
                wait_until_it_answers(shop.url)
            elif not step.line.startswith((*INSTALLING, "curl", "crontab")):
                shop.run(step.line.replace("createsuperuser", "createsuperuser --noinput"))
        yield shop


class Shop:
    """A folder with a Django project, whose commands find this package.

    They find it at `path`; with None, where that `python` has it installed.
    """

    def __init__(
        self, folder: Path, *, python: str = sys.executable, path: Path | None = ROOT
    ) -> None:
        self.folder = folder
        self.environment = os.environ | EVERYBODYS
        self.environment.pop("PYTHONPATH", None)
        if path:
            self.environment["PYTHONPATH"] = str(path)
        self.environment.pop("DJANGO_SETTINGS_MODULE", None)
        programs = folder / "venv/bin"
        programs.mkdir(parents=True)
        for name, words in {
            "python": [],
            "django-admin": ["-m", "django"],
            "celery": ["-m", "celery"],
        }.items():
            (programs / name).write_text(f'#!/bin/sh\nexec {shlex.join([python, *words])} "$@"\n')
            (programs / name).chmod(0o755)
        self.environment["PATH"] = f"{programs}:{self.environment['PATH']}"

    def run(self, line: str, **options: Any) -> str:
        """Run a line as a shell does; gives what it prints."""
        ran = subprocess.run(
            ["sh", "-c", line],
            cwd=self.folder,
            env=self.environment,
            text=True,
            capture_output=True,
            **options,
        )
        assert ran.returncode == 0, f"{line}\n{ran.stdout}\n{ran.stderr}"
        return ran.stdout

    def manage(self, words: str) -> str:
        return self.run(f"python manage.py {words}")

    def ask(self, code: str) -> str:
        """What Python prints that knows the shop."""
        return self.manage(f"shell -v 0 -c {shlex.quote(code)}").strip()

    def states(self) -> dict[str, str]:
        """What has become of each transaction that was asked for."""
        query = "SELECT transaction_id, status FROM wechat_subsidies_subsidycancellation"
        with closing(sqlite3.connect(self.folder / "db.sqlite3", timeout=20)) as database:
            return dict(database.execute(query).fetchall())

    @contextmanager
    def running(self, line: str) -> Iterator[subprocess.Popen[str]]:
        """A command that goes on until it is told to end; it has to do so."""
        process = subprocess.Popen(
            ["sh", "-c", f"exec {line}"],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        try:
            yield process
        finally:
            process.terminate()
            process.communicate()

    def paste(self, sandbox: subprocess.Popen[str]) -> None:
        """Put the settings that the sandbox prints below those that there are."""
        lines = iter(sandbox.stdout.readline, "}}\n")
        settings = "".join(dropwhile(lambda line: not line.startswith("WECHAT_SUBSIDIES"), lines))
        with (self.folder / "config/settings.py").open("a") as file:
            file.write(f"\n{settings}}}}}\n")

    def write(self, text: str) -> None:
        """Put a block into the file that its first line names: settings go below what is there."""
        name = FILE.match(text)[1]
        with (self.folder / name).open("a" if name.endswith("settings.py") else "w") as file:
            file.write(text)


def free_port() -> int:
    with socket.socket() as any_socket:
        any_socket.bind(("127.0.0.1", 0))
        return int(any_socket.getsockname()[1])


def wait_until_it_answers(url: str) -> None:
    until = time.monotonic() + 60
    while True:
        try:
            requests.get(url, timeout=60)
        except requests.ConnectionError:
            assert time.monotonic() < until
            time.sleep(0.1)
        else:
            return
