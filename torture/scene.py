"""A round: orders are asked for, workers send them and are tormented, and both sides are compared."""

import json
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Final

import django
from django.core.management import call_command
from django.db import OperationalError, connection, transaction
from django.db.models import Q

from . import facts, verdict
from .databases import Database, SQLite
from .gateway import Gateway
from .scenarios import Scenario, Stage
from .workers import Crew, Host

BETWEEN_KILLS: Final = (0.5, 2.5)  # seconds, by chance; a worker needs one to start
BETWEEN_BLOWS: Final = (0.5, 4.0)
CALLED_WITHIN: Final = 3.0
CALLS: Final = 1.6  # that an order takes with three in ten going wrong
SELLERS: Final = 5
RECOVERED_WITHIN: Final = 60.0  # seconds that a crashed database may take
SETTLED_WITHIN: Final = 300.0  # seconds after the last kill
SETTINGS: Final = "torture.settings"


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How many orders are asked for, and how many workers killed meanwhile."""

    orders: int
    kills: int

    @property
    def rate(self) -> int:
        """Calls a second at which the orders last for as long as the kills do."""
        return max(1, round(self.orders * CALLS / (self.kills * sum(BETWEEN_KILLS) / 2)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a round came to."""

    database: str
    scenario: str
    seconds: float
    kills: int
    blows: int
    deaths: list[str]
    facts: facts.Facts

    def found(self, checks: Sequence[verdict.Check]) -> dict[str, list[str]]:
        """What these checks find."""
        return verdict.findings(self.facts, checks)


class Scene:
    """One database and one gateway, for any number of rounds."""

    def __init__(self, database: Database, gateway: Gateway, *, folder: Path) -> None:
        self._database, self._gateway, self._folder = database, gateway, folder
        self._write(rate=1)
        django.setup()

    def play(self, scenario: Scenario, *, size: Size, seed: int) -> Result:
        """Play one round of it."""
        self._write(rate=size.rate)
        dice, blow_dice = Random(f"{seed} kills"), Random(f"{seed} blows")
        began = time.monotonic()
        self._gateway.reset(Random(f"{seed} faults"))
        asked = ask_anew(size.orders)
        with Crew(self._hosts(scenario), folder=self._folder) as crew:
            stage = Stage(crew=crew, gateway=self._gateway, database=self._database, dice=blow_dice)
            with blows(scenario, stage) as struck:
                calls = 0
                for _ in range(size.kills):
                    time.sleep(dice.uniform(*BETWEEN_KILLS))
                    calls = number_after_another_call(calls, gateway=self._gateway)
                    crew.kill_one(dice)
                    self._gateway.change_mind(dice)
            wait_until_settled(crew)
            crew.finish()
        return Result(
            database=self._database.name,
            scenario=scenario.name,
            seconds=time.monotonic() - began,
            kills=crew.kills,
            blows=len(struck),
            deaths=crew.deaths,
            facts=facts.gathered(asked, gateway=self._gateway),
        )

    def _write(self, *, rate: int) -> None:
        """Write the file that the settings of all processes are read from."""
        content = {
            "database": self._database.settings(),
            "merchant": self._gateway.merchant,
            "rate_limit": rate,
        }
        file = self._folder / "scene.json"
        file.write_text(json.dumps(content))
        os.environ |= {"TORTURE_SCENE": str(file), "DJANGO_SETTINGS_MODULE": SETTINGS}

    def _hosts(self, scenario: Scenario) -> list[Host]:
        if isinstance(self._database, SQLite):  # a file is on one host, whose clock is its clock
            return [replace(host, clock_off=0.0) for host in scenario.hosts]
        return list(scenario.hosts)


def number_after_another_call(calls: int, *, gateway: Gateway) -> int:
    """The number of calls once there are more than that, or after a while with none.

    On a busy machine workers take long to come up; killed before they have, they would risk nothing.
    """
    until = time.monotonic() + CALLED_WITHIN
    while (number := gateway.number_of_calls()) <= calls and time.monotonic() < until:
        time.sleep(0.05)
    return number


def ask_anew(count: int) -> list[str]:
    """Forget what was, and ask for so many cancellations; returns their transactions."""
    from wechat_subsidies.services import cancel_subsidy  # (it wants Django set up)

    call_command("migrate", verbosity=0)
    call_command("flush", verbosity=0, interactive=False)
    transactions = [f"42{number:026}" for number in range(count)]
    with transaction.atomic():
        for number, transaction_id in enumerate(transactions):
            cancel_subsidy(
                sub_mchid=str(1900013401 + number % SELLERS),
                transaction_id=transaction_id,
                send="later",
            )
    return transactions


@contextmanager
def blows(scenario: Scenario, stage: Stage) -> Iterator[list[str]]:
    """Strike a scenario's blows beside what is done inside; yields the list of those struck."""
    struck, is_over, errors = list[str](), threading.Event(), list[Exception]()

    def strike() -> None:
        while scenario.blows and not is_over.wait(stage.dice.uniform(*BETWEEN_BLOWS)):
            blow = stage.dice.choice(scenario.blows)
            try:
                blow(stage)
            except Exception as error:  # noqa: BLE001  (raised below, on the main thread)
                errors.append(error)
                return
            struck.append(blow.__name__)

    thread = threading.Thread(target=strike)
    thread.start()
    try:
        yield struck
    finally:
        is_over.set()
        thread.join()
    for error in errors:
        raise error


def wait_until_settled(crew: Crew) -> None:
    """Wait until nothing is left to send or to tell, or for as long as that ought to take."""
    until = time.monotonic() + SETTLED_WITHIN
    while time.monotonic() < until and asked_of_database(how_many_are_open):
        crew.revive()
        time.sleep(0.5)


def how_many_are_open() -> int:
    """How many cancellations are to be sent, or to be told to the shop."""
    from wechat_subsidies.models import SubsidyCancellation

    is_open = Q(send_after__isnull=False) | Q(announce_after__isnull=False)
    return SubsidyCancellation.objects.filter(is_open).count()


def asked_of_database(question: Callable[[], int]) -> int:
    """What the database answers, on a new connection: it may have crashed, and be recovering still."""
    until = time.monotonic() + RECOVERED_WITHIN
    while True:
        connection.close()
        try:
            return question()
        except OperationalError:
            if time.monotonic() > until:
                raise
            time.sleep(0.2)
