"""What workers do: claim, write, hear or not, record; and at any point they may be killed.

Nothing makes a worker go on: one that is frozen comes back whenever it does.
"""

from collections.abc import Iterator
from typing import Any, Final

from wechat_subsidies.outcomes import (
    CONNECTION_LOST,
    INVALID_REQUEST,
    LOST,
    NOT_SENT,
    RATE_LIMITED,
    RESULT_SUCCESS,
)
from wechat_subsidies.sender import timing

from .decisions import MAX_ATTEMPTS, TIMING, decided
from .invariants import Invariant, Status, broken_by_first_byte, is_proven
from .rules import Rule
from .search import Step
from .world import IDLE, Phase, Row, Worker, World

CLOCK_AHEAD: Final = 3  # seconds by which a host's clock is wrong
NOTHING_DONE: Final = {NOT_SENT.reason, RATE_LIMITED.reason}


def steps(world: World, rules: frozenset[Rule]) -> Iterator[Step]:
    """What the workers may do now, or may happen to them."""
    for worker in dict.fromkeys(world.workers):
        match worker.phase:
            case Phase.IDLE:
                yield from claims(world, rules)
                continue
            case Phase.CLAIMED:
                yield from writes(world, worker, rules)
            case Phase.SENT:
                yield from cuts(world, worker, rules)
            case Phase.ENDED:
                yield from records(world, worker, rules)
        yield killed(world, worker)


def grace(rules: frozenset[Rule]) -> int:
    """Seconds for which a call with unknown outcome is left alone."""
    return int(TIMING.grace) if Rule.GRACE in rules else 0


def claims(world: World, rules: frozenset[Rule]) -> Iterator[Step]:
    """An idle worker claims the row if it is due, and takes it over if its lease has ended."""
    ahead = 0 if Rule.DATABASE_CLOCK in rules else CLOCK_AHEAD
    if world.row.due is None or world.row.due > ahead:
        return
    words, before = "a worker claims it", world
    if world.row.status == Status.SENDING:
        words = "the lease is over, and a worker takes it over"
        world = taken_over(world, rules)
    row = world.row
    if row.status != Status.PENDING:
        yield Step(f"{words}: that was the last try", world)
        return
    claimed = Worker(
        phase=Phase.CLAIMED,
        holds=True,
        was_in_doubt=row.in_doubt,
        unknown_count=row.unknown_count,
    )
    due = int(TIMING.lease) + grace(rules)
    marked = world.with_row(status=Status.SENDING, in_doubt=True, due=due)
    yield Step(words, marked.with_worker(IDLE, claimed))
    astray = claimed._replace(holds=False)
    is_sent = Rule.COMMITTED not in rules
    yield Step(
        "the COMMIT of a claim fails", before.with_worker(IDLE, astray) if is_sent else before
    )


def taken_over(world: World, rules: frozenset[Rule]) -> World:
    """The row of an expired lease, once its call is written down as lost."""
    row = world.row
    changes = decided(
        LOST.reason,
        unknown_count=row.unknown_count if Rule.TRIES in rules else 0,
        was_in_doubt=True,
        grace=grace(rules),
        gave_up=False,
    )
    if Rule.LOST_COUNTS not in rules:
        changes = {"status": Status.PENDING}
    due = row.due if changes["status"] == Status.PENDING else None
    world = world.with_row(**changes | {"due": due, "not_before": 0})
    workers = tuple(
        worker._replace(holds=False, is_written_off=Rule.LOST in rules) if worker.holds else worker
        for worker in world.workers
    )
    owed = world.owed and Rule.LOST not in rules
    return world._replace(workers=tuple(sorted(workers)), owed=owed)


def writes(world: World, worker: Worker, rules: frozenset[Rule]) -> Iterator[Step]:
    """The first byte is written, unless it is too late: then it never is."""
    is_late = worker.age >= TIMING.start_by + timing.LEASE_MARGIN
    if not is_late or Rule.START_BY not in rules:
        is_frozen = worker.age >= TIMING.start_by
        words = "a worker writes the first byte" + (", late for being frozen" if is_frozen else "")
        yield first_byte(world, worker, words)
    ended = worker._replace(phase=Phase.ENDED, age=0, reason=NOT_SENT.reason)
    yield Step("a worker cannot send it", world.with_worker(worker, ended))


def first_byte(world: World, worker: Worker, words: str) -> Step:
    """The gateway has the request now, and may be at work on it until the grace is over.

    The grace begins at the end of the call: by force at `end_by`, or a margin later if frozen.
    """
    broken = broken_by_first_byte(world, is_held=worker.holds, max_attempts=MAX_ATTEMPTS)
    sent = worker._replace(phase=Phase.SENT, age=0, is_heard=True)
    after = world.with_worker(
        worker,
        sent,
        at_work=int(TIMING.grace + max(0.0, TIMING.end_by + timing.LEASE_MARGIN - worker.age)),
        began_now=True,
        unsettled=world.unsettled + 1,
    )
    return Step(words, after, broken)


def cuts(world: World, worker: Worker, rules: frozenset[Rule]) -> Iterator[Step]:
    """No answer comes: the connection breaks, or is cut. What a 5xx or a forged answer tells is no more."""
    ended = worker._replace(phase=Phase.ENDED, is_heard=False, reason=CONNECTION_LOST.reason)
    after = world.with_worker(worker, ended, at_work=left_at_work(world, worker))
    yield Step("a call ends with unknown outcome", after)
    if Rule.NO_REPEAT not in rules:
        yield first_byte(world, worker, "the connection breaks, and a worker sends it once more")


def left_at_work(world: World, worker: Worker) -> int:
    """For how long the gateway may be at work once this worker's call is over."""
    return min(world.at_work, int(TIMING.grace)) if worker.is_heard else world.at_work


def killed(world: World, worker: Worker) -> Step:
    """The worker is gone with what it knew; the row keeps its token until the lease is over."""
    owed = world.owed or not worker.is_written_off
    after = world.with_worker(worker, IDLE, at_work=left_at_work(world, worker), owed=owed)
    return Step("a worker is killed", after)


def records(world: World, worker: Worker, rules: frozenset[Rule]) -> Iterator[Step]:
    """The attempt is appended, and the row changed by who holds it, or by a proven success."""
    may_give_up = worker.holds and worker.reason in NOTHING_DONE
    for gave_up in (False, True) if may_give_up else (False,):
        after = recorded(world, worker, rules, gave_up=gave_up)
        words = "is recorded" if worker.holds else "comes too late"
        note = ", and nothing is tried for longer" if gave_up else ""
        is_ignored = worker.reason == RESULT_SUCCESS.reason and not is_proven(after.row)
        broken = Invariant.TAKEN if is_ignored else None
        yield Step(f"“{worker.reason}” {words}{note}", after, broken)


def recorded(world: World, worker: Worker, rules: frozenset[Rule], *, gave_up: bool) -> World:
    """The world once this call is recorded."""
    is_success = worker.reason == RESULT_SUCCESS.reason
    is_taken_late = is_success and not is_proven(world.row) and Rule.LATE_SUCCESS in rules
    if not (worker.holds or is_taken_late or Rule.TOKEN not in rules):
        return world.with_worker(worker, IDLE)
    is_refusal = worker.reason == INVALID_REQUEST.reason
    changes = decided(
        worker.reason,
        unknown_count=worker.unknown_count if Rule.TRIES in rules else 0,
        was_in_doubt=worker.was_in_doubt and (Rule.DOUBT in rules or not is_refusal),
        grace=grace(rules),
        gave_up=gave_up,
    )
    is_settled = worker.reason not in {CONNECTION_LOST.reason, NOT_SENT.reason}
    after = world.with_worker(
        worker,
        IDLE,
        row=changed(world.row, changes, ended=worker.ended),
        unsettled=max(0, world.unsettled - is_settled),
    )
    return after.with_all(holds=False)


def changed(row: Row, changes: dict[str, Any], *, ended: int) -> Row:
    """The row with these columns, whose times count from the end of the call."""
    due = changes["due"]
    times = {
        "due": None if due is None else max(0, due - ended),
        "not_before": max(0, changes["not_before"] - ended),
    }
    return row._replace(**changes | times)
