"""Growth: what lists, pages and claims take with a hundred times as much history."""

from collections.abc import Iterator
from contextlib import ExitStack
from statistics import median
from typing import Final

from .tables import Figure, Table
from .workers import Worker, of_a_shop

SMALL: Final = 10_000  # cancellations
LARGE: Final = 1_000_000
ROUNDS: Final = 5
TIMES: Final = 3  # that each side is visited in a round, in turn
SLOW: Final = 0.5  # seconds after which once is enough
AT_MOST: Final = 1.5
Seconds = list[tuple[list[float], list[float]]]  # of each round: the small side, the large one


def run(vendor: str, url: str) -> Table:
    """Both sizes side by side, in databases beside the one of the URL."""
    with ExitStack() as stack:
        small, large = (stack.enter_context(visitor(url, count)) for count in (SMALL, LARGE))
        known = small.ask("names")
        large.ask("names")  # is ready as well
        measured = {each: [*rounds(each, small, large)] for each in known["names"]}
    note = (
        f"Seconds with {LARGE:,} cancellations in multiples of those with {SMALL:,}; orders, refunds, "
        "calls and batches in proportion. What waits to be sent or for a person is the same: that does "
        "not grow with what is over. In brackets the milliseconds at the larger size. The list of "
        "orders neither counts them all nor joins sellers, which is Django's own. Both databases stay for "
        "the next run, until tables change."
    )
    return Table(
        title=f"Growth: {vendor} {known['version']}", figures=[*figures(measured)], note=note
    )


def visitor(url: str, count: int) -> Worker:
    """Who visits a shop with so many cancellations, whose database it makes if there is none."""
    environment = of_a_shop(f"{url}_growth_{count}")
    return Worker("visiting", str(count), environment=environment)


def rounds(name: str, small: Worker, large: Worker) -> Iterator[tuple[list[float], list[float]]]:
    """The seconds of each round, after one to be warm."""
    words = f"visit {name}"
    small.ask(words)
    times = 1 if large.ask(words)["seconds"] > SLOW else TIMES
    for _ in range(ROUNDS):
        sides: tuple[list[float], list[float]] = ([], [])
        for _ in range(times):
            for side, worker in zip(sides, (small, large), strict=True):
                side.append(worker.ask(words)["seconds"])
        yield sides


def figures(measured: dict[str, Seconds]) -> Iterator[Figure]:
    """A ratio for each thing that was visited."""
    for name, seconds in measured.items():
        milliseconds = 1000 * median(median(large) for _small, large in seconds)
        yield Figure(
            name=f"{name} ({milliseconds:.0f} ms)",
            values=[median(large) / median(small) for small, large in seconds],
            at_most=AT_MOST,
        )
