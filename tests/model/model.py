"""All steps of the model together."""

from collections.abc import Iterator

from . import gateway, people, sending
from .decisions import TIMING
from .invariants import KNOWN, Invariant, broken_by_change, broken_in
from .rules import ALL, Rule
from .search import Step
from .world import Phase, Worker, World

LONG_AGO = 4  # seconds after which all that follows from the end of a call is past
TOO_LATE = int(TIMING.start_by) + 1  # seconds after which a claim is too old to be sent


def steps(
    world: World, *, rules: frozenset[Rule] = ALL, known: frozenset[Invariant] = KNOWN
) -> Iterator[Step]:
    """Whatever may happen next, and what it breaks apart from what is known not to be held."""
    for words, after, broken in all_steps(world, rules):
        found = (broken, broken_by_change(world, after), broken_in(after))
        yield Step(words, after, next((each for each in found if each and each not in known), None))


def all_steps(world: World, rules: frozenset[Rule]) -> Iterator[Step]:
    """Whatever may happen next."""
    yield from people.steps(world, rules)
    yield from sending.steps(world, rules)
    yield from gateway.steps(world)
    yield Step("a second passes", second_later(world))


def second_later(world: World) -> World:
    """The world when a second has passed. The gateway gives up a request when its time is over."""
    row, at_work = world.row, max(0, world.at_work - 1)
    return world._replace(
        row=row._replace(
            due=None if row.due is None else max(0, row.due - 1),
            not_before=max(0, row.not_before - 1),
        ),
        workers=tuple(sorted(older(worker, is_heard=at_work > 0) for worker in world.workers)),
        at_work=at_work,
        began_now=False,
    )


def older(worker: Worker, *, is_heard: bool) -> Worker:
    """The worker when a second has passed."""
    match worker.phase:
        case Phase.CLAIMED:
            return worker._replace(age=min(TOO_LATE, worker.age + 1))
        case Phase.SENT:
            return worker._replace(is_heard=worker.is_heard and is_heard)
        case Phase.ENDED:
            return worker._replace(ended=min(LONG_AGO, worker.ended + 1))
    return worker
