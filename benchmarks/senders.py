"""Processes that send, from outside."""

import json
import subprocess
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from types import TracebackType
from typing import Any, Self

from .far_side import ROOT


class Sender:
    """One of `benchmarks.sending`, while the context lasts. Idle until it is told something."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.sending"],
            cwd=ROOT,
            env=self._environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.ask("status")  # imports, connects, reads the settings
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if kind is not None:
            self._process.terminate()
        self._process.communicate()

    def begin(self, words: str) -> None:
        """Tell it to do something."""
        print(words, file=self._process.stdin, flush=True)

    def facts(self) -> dict[str, Any]:
        """What it says once it is done."""
        answer = next(iter(self._process.stdout or ()))
        found: dict[str, Any] = json.loads(answer)
        return found

    def ask(self, words: str) -> dict[str, Any]:
        """Both."""
        self.begin(words)
        return self.facts()


def side_by_side(count: int, environment: Mapping[str, str]) -> list[dict[str, Any]]:
    """What so many processes say that send what is due together."""
    with ExitStack() as stack:
        senders = [stack.enter_context(Sender(environment)) for _ in range(count)]
        for sender in senders:
            sender.begin("due")
        return [sender.facts() for sender in senders]
