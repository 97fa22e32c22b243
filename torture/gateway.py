"""The gateway: the sandbox in a process of its own, which no worker's death touches.

It can go away for a while and come back with its ledger: SIGUSR1 stops its server and drops all
connections, SIGUSR2 starts it again at the same address.
"""

import json
import signal
import subprocess
import sys
import time
import urllib.request
from contextlib import suppress
from http.client import HTTPException
from pathlib import Path
from random import Random
from typing import Any, Final

from wechat_subsidies.sandbox import Sandbox

from .traffic import faults
from .workers import ROOT

READY_WITHIN: Final = 30.0  # seconds
GOES, RETURNS = signal.SIGUSR1, signal.SIGUSR2
CANCEL: Final = "/v3/ecommerce/subsidies/cancel"
ALL: Final = 999_999  # entries of the ledger


def serve(merchant_file: Path) -> None:
    """Be the gateway, until terminated. Leaves the merchant's settings in the file."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {GOES, RETURNS, signal.SIGTERM})
    with Sandbox(rate_limits=True) as sandbox:
        draft = merchant_file.with_suffix(".draft")
        draft.write_text(json.dumps(sandbox.merchant_settings()))
        draft.rename(merchant_file)
        while (number := signal.sigwait({GOES, RETURNS, signal.SIGTERM})) != signal.SIGTERM:
            if number == GOES:
                sandbox.stop()
            else:
                sandbox.start()


class Gateway:
    """The gateway's process, from outside."""

    def __init__(self, folder: Path) -> None:
        merchant_file = folder / "merchant.json"
        log = (folder / "gateway.log").open("wb")
        command = [sys.executable, "-m", "torture.gateway", str(merchant_file)]
        self._process = subprocess.Popen(command, stdout=log, stderr=log, cwd=ROOT)
        until = time.monotonic() + READY_WITHIN
        while not merchant_file.exists():
            if self._process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"The gateway does not start; see {log.name}")
            time.sleep(0.05)
        self.merchant = json.loads(merchant_file.read_text())

    def reset(self, dice: Random) -> None:
        """Begin a round: an empty ledger, and a share of the traffic that goes wrong."""
        self._ask("POST", "reset", {})
        for fault in faults(dice):
            self._ask("POST", "faults", fault)

    def change_mind(self, dice: Random) -> None:
        """Answer repeats of a success in another way; which one WeChat Pay has, it does not say."""
        repeat = dice.choice(["success", "invalid_request"])
        with suppress(OSError, HTTPException):  # it may be gone at this moment
            self._ask("PATCH", "switches", {"repeat": repeat})

    def go_away(self, seconds: float) -> None:
        """Refuse connections for so long."""
        self._process.send_signal(GOES)
        time.sleep(seconds)
        self._process.send_signal(RETURNS)
        until = time.monotonic() + READY_WITHIN
        while time.monotonic() < until:
            try:
                self._ask("GET", "switches")
            except (OSError, HTTPException):
                time.sleep(0.05)
            else:
                return
        raise TimeoutError("The gateway has not come back.")

    def fall_silent(self, seconds: float) -> None:
        """Take connections and answer nothing, for so long."""
        self._process.send_signal(signal.SIGSTOP)
        time.sleep(seconds)
        self._process.send_signal(signal.SIGCONT)

    def number_of_calls(self) -> int:
        """How many there were so far; 0 while it is gone."""
        with suppress(OSError, HTTPException):
            return int(self._ask("GET", "ledger?limit=1")["requests"])
        return 0

    def ledger(self) -> dict[str, Any]:
        """All calls for a cancellation, and the counters."""
        return self._ask("GET", f"ledger?path={CANCEL}&limit={ALL}")

    def cancelled(self) -> set[str]:
        """The transactions whose subsidy is cancelled."""
        orders = self._ask("GET", "orders")["orders"]
        return {order["transaction_id"] for order in orders if order["cancelled"]}

    def stop(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.wait(READY_WITHIN)

    def _ask(self, method: str, path: str, content: object = None) -> dict[str, Any]:
        request = urllib.request.Request(
            f"{self.merchant['BASE_URL']}/_sandbox/{path}",
            method=method,
            data=None if content is None else json.dumps(content).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            text = answer.read()
        return json.loads(text) if text else {}


if __name__ == "__main__":
    serve(Path(sys.argv[1]))
