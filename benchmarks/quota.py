"""The documented quota, filled: how near to 200 calls a second sending comes, and at what cost."""

from typing import Any, Final

from .databases import database, environment, fill, recorded
from .far_side import FarSide
from .senders import side_by_side
from .tables import Figure, Table

RATE: Final = 200  # calls in any second that WeChat Pay takes
DELAY: Final = 0.1  # seconds there and back
DUE: Final = 6_000
ROUNDS: Final = 3
WARMING_UP: Final = 2.0  # seconds at the beginning, and as many at the end, that are not counted


def steady_rate(begun: list[float]) -> float:
    """Calls a second, between the beginning and the end of a run."""
    first, last = begun[0] + WARMING_UP, begun[-1] - WARMING_UP
    steady = [each for each in begun if first <= each <= last]
    return (len(steady) - 1) / (steady[-1] - steady[0])


def measured(processes: int, *, far_side: FarSide, surroundings: dict[str, str]) -> dict[str, Any]:
    """What it takes so many processes to send all that is due."""
    fill(DUE)
    far_side.reset()
    senders = side_by_side(processes, surroundings)
    counts = far_side.counts()
    if recorded()["succeeded"] != DUE:
        raise RuntimeError(f"Not all is recorded: {recorded()}")
    seconds = max(sender["seconds"] for sender in senders)
    return {
        "rate": steady_rate(sorted(counts["begun"])),
        "refusals": counts["statuses"].get("429", 0),
        "cpu": 100 * sum(sender["cpu"] for sender in senders) / seconds,
        "statements": sum(sender["statements"] for sender in senders) / DUE,
    }


def run(url: str) -> Table:
    """One process and four, in turn."""
    rounds: dict[int, list[dict[str, Any]]] = {1: [], 4: []}
    with database(url) as ours, FarSide(delay=DELAY, rate=RATE) as far_side:
        surroundings = environment(ours, merchant=far_side.merchant, rate_limit=RATE)
        surroundings["REQUESTS_CA_BUNDLE"] = far_side.authority
        for _ in range(ROUNDS):
            for processes, found in rounds.items():
                facts = measured(processes, far_side=far_side, surroundings=surroundings)
                found.append(facts)
    figures = [
        *figures_of(rounds[1], "one process", cpu_at_most=60, aim="40"),
        *figures_of(rounds[4], "four processes together"),
    ]
    note = (
        f"{DUE:,} cancellations that are due, PostgreSQL, a gateway {1000 * DELAY:.0f} ms away that "
        f"refuses with 429 whatever exceeds {RATE} calls in any second, or one a second for an order. "
        f"Calls a second without the first and the last {WARMING_UP:g} s."
    )
    return Table(title="The quota filled", figures=figures, note=note)


def figures_of(
    rounds: list[dict[str, Any]], who: str, *, cpu_at_most: float | None = None, aim: str = ""
) -> list[Figure]:
    """The figures of so many processes. Not one 429 in any round: that is no matter of a median."""

    def values(name: str) -> list[float]:
        return [facts[name] for facts in rounds]

    return [
        Figure(name=f"{who}: settled a second", values=values("rate"), at_least=196, at_most=RATE),
        Figure(name=f"{who}: 429s, all rounds", values=[sum(values("refusals"))], at_most=0),
        Figure(name=f"{who}: CPU, % of a core", values=values("cpu"), at_most=cpu_at_most, aim=aim),
        Figure(name=f"{who}: statements for a cancellation", values=values("statements")),
    ]
