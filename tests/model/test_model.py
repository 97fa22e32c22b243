"""The rules of sending leave no way to a violation, and none of them can go."""

from collections.abc import Iterator
from functools import partial

import pytest

from wechat_subsidies.models import SubsidyCancellation

from . import kills, model
from .decisions import small_numbers
from .invariants import Invariant
from .kills import Orders
from .rules import ALL, Rule
from .search import Found, Violation, search
from .world import World

EVENTS = """
    a second passes
    somebody asks
    somebody retries it
    somebody withdraws it
    somebody resolves it as cancelled
    somebody resolves it as not cancelled
    somebody reopens it
    a worker claims it
    the COMMIT of a claim fails
    the lease is over, and a worker takes it over
    the lease is over, and a worker takes it over: that was the last try
    a worker writes the first byte
    a worker writes the first byte, late for being frozen
    a worker cannot send it
    a worker is killed
    a call ends with unknown outcome
    the gateway does it and answers SUCCESS
    the gateway does it, and its answer is lost
    the gateway refuses it
    the gateway answers the repeat with SUCCESS
    the gateway refuses the repeat
    the gateway answers 429
    “cancelled” is recorded
    “cancelled” comes too late
    “connection_lost” is recorded
    “connection_lost” comes too late
    “invalid_request” is recorded
    “invalid_request” comes too late
    “not_sent” is recorded
    “not_sent” is recorded, and nothing is tried for longer
    “not_sent” comes too late
    “rate_limited” is recorded
    “rate_limited” is recorded, and nothing is tried for longer
    “rate_limited” comes too late
"""


# Without which rule what breaks, and how.
CASES = [
    (Rule.DATABASE_CLOCK, Invariant.ONE_IN_FLIGHT, "a worker writes the first byte"),
    (Rule.ONE_SECOND, Invariant.ONE_SECOND_IN_DOUBT, "a worker is killed with 12"),
    (
        Rule.LOST,
        Invariant.ATTEMPT,
        "the lease is over, and a worker takes it over",
    ),
    (Rule.LOST_COUNTS, Invariant.BOUNDED, "a worker writes the first byte"),
    (Rule.COMMITTED, Invariant.RECORDED, "a worker writes the first byte"),
    (
        Rule.START_BY,
        Invariant.RECORDED,
        "a worker writes the first byte, late for being frozen",
    ),
    (Rule.GRACE, Invariant.ONE_IN_FLIGHT, "a worker writes the first byte"),
    (Rule.END_OF_CALL, Invariant.ONE_A_SECOND, "a worker writes the first byte"),
    (Rule.SEEN_LATER, Invariant.NOT_FAILED, "somebody resolves it as not cancelled"),
    (
        Rule.NO_REPEAT,
        Invariant.ONE_IN_FLIGHT,
        "the connection breaks, and a worker sends it once more",
    ),
    (Rule.TOKEN, Invariant.DOUBT, "“not_sent” comes too late"),
    (Rule.LATE_SUCCESS, Invariant.TAKEN, "“cancelled” comes too late"),
    (Rule.DOUBT, Invariant.NOT_FAILED, "“invalid_request” is recorded"),
    (Rule.TRIES, Invariant.BOUNDED, "a worker writes the first byte"),
]


@pytest.fixture(scope="module", autouse=True)
def _small_numbers() -> Iterator[None]:
    with small_numbers():
        yield


@pytest.fixture(scope="module")
def whole(_small_numbers: None) -> Found:
    """What a search finds with all rules in force."""
    return search(World(), model.steps)


def violation(*, without: Rule) -> Violation:
    """The first violation that is found without a rule."""
    start, steps = (World(), model.steps)
    if without is Rule.ONE_SECOND:
        start, steps = (Orders(), kills.steps)
    found = search(start, partial(steps, rules=ALL - {without}))
    assert found.violation, f"nothing breaks though {without.without}"
    # What a reader wants to see: pytest -rP
    print(f"Without rule {without.number} {without.without}.\n{found.violation}")  # noqa: T201
    return found.violation


def test_the_rules_leave_no_way_to_a_violation(whole: Found) -> None:
    assert not whole.violation, str(whole.violation)
    assert len(whole.worlds) > 10_000


def test_nothing_that_may_happen_was_left_out(whole: Found) -> None:
    events = {line.strip() for line in EVENTS.strip().splitlines()}
    assert sorted(whole.happened ^ events) == []


def test_every_state_was_reached(whole: Found) -> None:
    statuses = {world.row.status for world in whole.worlds}
    assert statuses - {""} == set(SubsidyCancellation.Status.values)
    proofs = {(world.row.status, world.row.proof) for world in whole.worlds if world.row.proof}
    assert proofs == {("succeeded", "wechat"), ("succeeded", "person"), ("failed", "person")}


def test_from_everywhere_there_is_a_way_to_an_end_without_anybody_deciding(whole: Found) -> None:
    stuck = whole.without_way(
        is_end=lambda world: world.row.status and world.row.due is None,
        is_allowed=lambda words: not words.startswith("somebody"),
    )
    assert stuck == [World()]  # where nobody has asked yet


@pytest.mark.parametrize(
    ("rule", "invariant", "at_last"), CASES, ids=[rule.name.lower() for rule, *_ in CASES]
)
def test_no_rule_can_go(rule: Rule, invariant: Invariant, at_last: str) -> None:
    found = violation(without=rule)
    assert (found.invariant, found.trace[-1]) == (invariant, at_last)


def test_every_rule_is_tried() -> None:
    assert [rule for rule, *_ in CASES] == list(Rule)


def test_without_the_grace_the_second_request_meets_the_first() -> None:
    assert violation(without=Rule.GRACE).trace == (
        "somebody asks",
        "a worker claims it",
        "a worker writes the first byte",
        "a call ends with unknown outcome",
        "“connection_lost” is recorded",
        "a second passes",
        "a worker claims it",
        "a worker writes the first byte",
    )


def test_a_kill_puts_no_more_in_doubt_than_can_be_started_in_one_second() -> None:
    found = search(Orders(), kills.steps)
    assert not found.violation
    assert max(max(orders.claimed) for orders in found.worlds) > 1


def test_the_one_call_that_may_leave_no_attempt_was_overtaken_by_a_late_success() -> None:
    found = search(World(), partial(model.steps, known=frozenset()))
    assert found.violation
    assert found.violation.invariant == Invariant.ATTEMPT_OF_OVERTAKEN
    assert found.violation.trace[-1] == "“cancelled” comes too late"
