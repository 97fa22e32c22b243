"""The workers: processes as a supervisor would run them, each on a host of its own."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Final, Self

ROOT: Final = Path(__file__).resolve().parent.parent
MANAGE: Final = ROOT / "example_project" / "manage.py"
COMMAND: Final = ("process_subsidy_cancellations", "--forever", "--concurrency", "16")
FINISHED_WITHIN: Final = 30.0  # seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """What a host has its own idea of: the time zone, whether Django uses it, what time it is."""

    time_zone: str = "Asia/Shanghai"
    use_tz: bool = True
    clock_off: float = 0.0

    def environment(self) -> dict[str, str]:
        """The environment of a process on it."""
        return {
            "TZ": self.time_zone,
            "TORTURE_TIME_ZONE": self.time_zone,
            "TORTURE_USE_TZ": "yes" if self.use_tz else "no",
            "TORTURE_CLOCK_OFF": str(self.clock_off),
        }


ALIKE: Final = (Host(),) * 4
IN_OTHER_ZONES: Final = (
    Host(),
    Host(time_zone="America/New_York", use_tz=False),
    Host(time_zone="UTC"),
    Host(time_zone="Asia/Kathmandu", use_tz=False),
)
APART: Final = (
    Host(),
    Host(time_zone="America/New_York", use_tz=False, clock_off=-120),
    Host(time_zone="UTC", clock_off=120),
    Host(time_zone="Asia/Kathmandu", use_tz=False, clock_off=7),
)


class Crew:
    """The workers of a round; whoever is killed is started again.

    `kills` counts those that we killed, `deaths` says who ended without being told to.
    """

    def __init__(self, hosts: Sequence[Host], *, folder: Path) -> None:
        self.kills, self.deaths = 0, list[str]()
        self._folder = folder
        self._hosts = list(hosts)
        self._workers = [self._start(number) for number in range(len(hosts))]

    def kill_one(self, dice: Random) -> None:
        """Kill one by SIGKILL, in the middle of whatever it does, and start another."""
        number = dice.randrange(len(self._workers))
        victim = self._workers[number]
        if victim.poll() is None:
            victim.kill()
            victim.wait()
            self.kills += 1
            self._workers[number] = self._start(number)
        self.revive()

    def freeze_one(self, dice: Random, *, seconds: float) -> None:
        """Stop one by SIGSTOP, and let it go on after so long as if nothing had been."""
        victim = dice.choice(self._workers)
        victim.send_signal(signal.SIGSTOP)  # looks first whether it is still there, as below
        time.sleep(seconds)
        victim.send_signal(signal.SIGCONT)

    def revive(self) -> None:
        """Start those again who have died by themselves, and write down that they have."""
        for number, worker in enumerate(self._workers):
            if worker.poll() is not None:
                self._mourn(number, worker)
                self._workers[number] = self._start(number)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *problem: object) -> None:
        """Leave nobody behind, whatever went wrong."""
        for worker in self._workers:
            worker.kill()
            worker.wait()

    def finish(self) -> None:
        """Tell all to finish, and wait until they have."""
        for worker in self._workers:
            worker.terminate()
        for number, worker in enumerate(self._workers):
            try:
                worker.wait(FINISHED_WITHIN)
            except subprocess.TimeoutExpired:
                worker.kill()
                worker.wait()
            if worker.returncode not in {0, -signal.SIGTERM}:  # the latter: not up yet
                self._mourn(number, worker)

    def _start(self, number: int) -> "subprocess.Popen[bytes]":
        environment = os.environ | self._hosts[number].environment()
        with (self._folder / f"worker-{number}.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, str(MANAGE), *COMMAND], env=environment, stdout=log, stderr=log
            )

    def _mourn(self, number: int, worker: "subprocess.Popen[bytes]") -> None:
        log = self._folder / f"worker-{number}.log"
        self.deaths.append(f"worker {number} ended with {worker.returncode}; see {log}")
