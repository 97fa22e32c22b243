"""Processes that are told by lines what to do, from outside."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

from .far_side import ROOT


class Worker:
    """One of a module of ours, while the context lasts: it answers each line by one of JSON."""

    def __init__(self, module: str, *arguments: str, environment: Mapping[str, str]) -> None:
        self._module, self._arguments, self._environment = module, arguments, environment

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-m", f"benchmarks.{self._module}", *self._arguments],
            cwd=ROOT,
            env=self._environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
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
        """What it says once it is done. Raises RuntimeError if it ended instead."""
        for answer in self._process.stdout or ():
            found: dict[str, Any] = json.loads(answer)
            return found
        raise RuntimeError(f"benchmarks.{self._module} has ended: see above.")

    def ask(self, words: str) -> dict[str, Any]:
        """Both."""
        self.begin(words)
        return self.facts()


def of_a_shop(url: str) -> dict[str, str]:
    """The environment of a process that is a shop, whose database stands beside the one of the URL."""
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "benchmarks.shop_settings",
        "BENCHMARK_DATABASE_URL": url,
    }
