"""The figures of the rounds, as a table, and what is wrong in words."""

from collections.abc import Sequence
from typing import Final

from .scene import Result
from .verdict import DOUBLED, LOST, WRONG, Check

HEAD: Final = (
    *("database", "scenario", "orders", "kills", "blows", "calls", "faults", "calls lost"),
    *("succeeded", "failed", "to review", "doubled", "lost", "wrong", "seconds"),
)
SHOWN: Final = 5  # orders of a finding


def cells(result: Result) -> list[str]:
    """A round's line."""
    found, rows = result.facts, list(result.facts.rows.values())
    statuses = [row.status for row in rows]
    figures = [
        len(found.asked),
        result.kills,
        result.blows,
        sum(map(len, found.calls.values())),
        found.faults,
        number_of_lost_calls(result),
        *(statuses.count(status) for status in ("succeeded", "failed", "needs_review")),
        *(number_of_orders(result, checks) for checks in (DOUBLED, LOST, WRONG)),
        round(result.seconds),
    ]
    return [result.database, result.scenario, *map(str, figures)]


def number_of_orders(result: Result, checks: Sequence[Check]) -> int:
    """Of how many orders something is found."""
    return len({order for orders in result.found(checks).values() for order in orders})


def number_of_lost_calls(result: Result) -> int:
    """How many calls nobody came back from."""
    rows = result.facts.rows.values()
    return sum(attempt.outcome == "lost" for row in rows for attempt in row.attempts)


def complaints(result: Result) -> list[str]:
    """Everything that must not be, in words; none if all is well."""
    where = f"{result.database}, {result.scenario}"
    found = {**result.found(DOUBLED), **result.found(LOST), **result.found(WRONG)}
    lines = [f"{where}: {death}" for death in result.deaths]
    for check, orders in found.items():
        more = " …" if len(orders) > SHOWN else ""
        lines.append(f"{where}: {check}: {len(orders)}: {' '.join(orders[:SHOWN])}{more}")
    return lines


def is_proof(results: Sequence[Result]) -> bool:
    """Whether kills and faults met any calls in these rounds: else nothing was put to the test."""
    return any(map(number_of_lost_calls, results)) and any(each.facts.faults for each in results)


def table(lines: Sequence[Sequence[str]]) -> str:
    """Lines of cells as a Markdown table."""
    widths = [max(map(len, column)) for column in zip(HEAD, *lines, strict=True)]
    rule = ["-" * width for width in widths]
    return "\n".join(
        "| "
        + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        + " |"
        for line in (HEAD, rule, *lines)
    )
