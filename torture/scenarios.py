"""What befalls a round beside the faults of its traffic and the kills."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Final

from .databases import Database
from .gateway import Gateway
from .haste import LEASE, LONGEST_SILENCE
from .workers import ALIKE, APART, Crew, Host


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """What a scenario can lay its hands on."""

    crew: Crew
    gateway: Gateway
    database: Database
    dice: Random


Blow = Callable[[Stage], None]


def crash_database(stage: Stage) -> None:
    """The database crashes and recovers; a file's lock is held for seconds."""
    stage.database.crash()


def take_gateway_away(stage: Stage) -> None:
    """No connection for some seconds."""
    stage.gateway.go_away(stage.dice.uniform(0.5, 4))


def silence_gateway(stage: Stage) -> None:
    """No answer for a while; then it works on what it was sent."""
    stage.gateway.fall_silent(stage.dice.uniform(0.5, LONGEST_SILENCE))


def freeze_worker(stage: Stage) -> None:
    """A worker that stands still, for longer than a slot and, one time in three, than its lease."""
    seconds = stage.dice.choice([stage.dice.uniform(0.05, 1), stage.dice.uniform(1, 3), LEASE + 4])
    stage.crew.freeze_one(stage.dice, seconds=seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One round's troubles: a blow out of `blows` every few seconds, on these hosts."""

    name: str
    blows: Sequence[Blow] = ()
    hosts: Sequence[Host] = ALIKE


ALL_AT_ONCE: Final = Scenario(
    name="all of it at once",
    blows=(crash_database, take_gateway_away, silence_gateway, freeze_worker),
    hosts=APART,
)
MAIN: Final = Scenario(name="workers killed")
SCENARIOS: Final = {
    "kills": MAIN,
    "database": Scenario(name="and the database restarted", blows=(crash_database,)),
    "gateway": Scenario(name="and the gateway gone", blows=(take_gateway_away, silence_gateway)),
    "frozen": Scenario(name="and workers frozen", blows=(freeze_worker,)),
    "apart": Scenario(name="and clocks and zones apart", hosts=APART),
    "all": ALL_AT_ONCE,
}
