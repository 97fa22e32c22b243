"""Uncapped: what recording adds to a call where no pace holds it back and the gateway is near."""

from typing import Final

from .databases import database, environment, fill, recorded
from .far_side import FarSide
from .senders import Sender
from .tables import Figure, Table

ROUNDS: Final = 5
CANCELLATIONS: Final = 2_000  # in a round
BARE_CALLS: Final = 500


def run(url: str) -> Table:
    """Bare calls and recorded cancellations in turn, in one process."""
    ratios, statements, rates, milliseconds = [], [], [], []
    with database(url) as ours, FarSide() as far_side:
        surroundings = environment(ours, merchant=far_side.merchant, rate_limit=None)
        surroundings["REQUESTS_CA_BUNDLE"] = far_side.authority
        with Sender(surroundings) as sender:
            sender.ask("bare 10")
            for _ in range(ROUNDS):
                fill(CANCELLATIONS)
                bare, full = sender.ask(f"bare {BARE_CALLS}"), sender.ask("due")
                if recorded() != {"succeeded": CANCELLATIONS, "attempts": CANCELLATIONS}:
                    raise RuntimeError(f"Not all is recorded: {recorded()}")
                milliseconds.append(1000 * bare["cpu"] / BARE_CALLS)
                ratios.append(full["cpu"] / CANCELLATIONS / (bare["cpu"] / BARE_CALLS))
                statements.append(full["statements"] / CANCELLATIONS)
                rates.append(CANCELLATIONS / full["seconds"])
    figures = [
        Figure(name="bare call of the client: CPU (ms)", values=milliseconds),
        Figure(name="recorded cancellation: CPU, in bare calls", values=ratios, at_most=1.6),
        Figure(name="statements for a cancellation", values=statements, at_most=0.3),
        Figure(name="cancellations a second", values=rates, text="{:.0f}"),
    ]
    note = (
        f"`RATE_LIMIT: None`, PostgreSQL, a gateway next door, {CANCELLATIONS} cancellations in a "
        "round; CPU of the sending process, statements without those that delimit transactions."
    )
    return Table(title="Uncapped", figures=figures, note=note)
