"""The gateway's process, from outside."""

import json
import ssl
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any, Final, Self

import certifi

ROOT: Final = Path(__file__).resolve().parent.parent
READY_WITHIN: Final = 30.0  # seconds


class FarSide:
    """A gateway of the given distance (seconds there and back) and rate, while the context lasts.

    `merchant` is its entry of MERCHANTS, `authority` the file of the certificate to be trusted.
    """

    def __init__(self, *, delay: float = 0.0, rate: int | None = None) -> None:
        self._options = [f"--delay={delay}", *([f"--rate={rate}"] if rate else [])]

    def __enter__(self) -> Self:
        self._folder = TemporaryDirectory(prefix="benchmarks-")
        folder = Path(self._folder.name)
        command = [sys.executable, "-m", "benchmarks.gateway", str(folder), *self._options]
        self._process = subprocess.Popen(command, cwd=ROOT)
        self.authority = str(folder / "server.pem")
        file = folder / "merchant.json"
        until = time.monotonic() + READY_WITHIN
        while not file.exists():
            if self._process.poll() is not None or time.monotonic() > until:
                raise RuntimeError("The gateway does not start.")
            time.sleep(0.02)
        self.merchant: dict[str, Any] = json.loads(file.read_text())
        self._trust = ssl.create_default_context(cafile=self.authority)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._process.terminate()
        self._process.wait(READY_WITHIN)
        self._folder.cleanup()

    def all_authorities(self) -> str:
        """A file of the authorities that everybody trusts and this one: it takes its time to read."""
        usual, own = Path(certifi.where()), Path(self.authority)
        file = own.with_name("authorities.pem")
        file.write_bytes(usual.read_bytes() + own.read_bytes())
        return str(file)

    def reset(self) -> None:
        """Count anew."""
        self._ask("/reset")

    def counts(self) -> dict[str, Any]:
        """`begun`: when calls that were let through came in; `statuses`: answers by status."""
        return self._ask("/counts")

    def _ask(self, path: str) -> dict[str, Any]:
        url = self.merchant["BASE_URL"] + path
        with urllib.request.urlopen(url, timeout=60, context=self._trust) as answer:
            found: dict[str, Any] = json.loads(answer.read())
        return found
