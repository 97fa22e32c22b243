"""A big click: from the action on 10,000 selected orders to the page on which they are looked through.

Beside Django's own page for many: the one that asks whether the same orders are to be deleted.
"""

from typing import Final

from .tables import Figure, Table
from .workers import Worker, of_a_shop

ORDERS: Final = 10_000
FEW: Final = 1_000
CHUNK: Final = 500  # of a draft, as `services.looking_through` has it
ROUNDS: Final = 5


def run(url: str) -> Table:
    """Both pages in turn, in one process."""
    ours, django = [], []
    with Worker("clicking", str(ORDERS), environment=of_a_shop(url)) as shop:
        few = shop.ask(f"timed ours {FEW}")["queries"]
        shop.ask(f"forget - {FEW}")
        for _ in range(ROUNDS):
            ours.append(shop.ask(f"timed ours {ORDERS}"))
            shop.ask(f"forget - {ORDERS}")
            django.append(shop.ask(f"timed django {ORDERS}"))
        weights = {}
        for count in (FEW, ORDERS):
            weights[count] = shop.ask(f"weighed ours {count}")["bytes"]
            shop.ask(f"forget - {count}")
        weight_of_django = shop.ask(f"weighed django {ORDERS}")["bytes"]
    many = ours[0]["queries"]
    of_chunk = (many - few) * CHUNK / (ORDERS - FEW)
    ratios = [our["seconds"] / its["seconds"] for our, its in zip(ours, django, strict=True)]
    figures = [
        Figure(name="to the preview (s)", values=[each["seconds"] for each in ours]),
        Figure(name="Django’s confirmation (s)", values=[each["seconds"] for each in django]),
        Figure(name="the preview, in Django’s confirmations", values=ratios, at_most=1.0),
        Figure(name=f"queries for every {CHUNK} orders", values=[of_chunk], text="{:g}"),
        Figure(name="queries besides", values=[many - of_chunk * ORDERS / CHUNK], text="{:g}"),
        Figure(name=f"memory at its peak, {FEW:,} orders (MB)", values=[weights[FEW] / 1e6]),
        Figure(name="memory at its peak (MB)", values=[weights[ORDERS] / 1e6]),
        Figure(
            name="memory, in Django’s confirmations",
            values=[weights[ORDERS] / weight_of_django],
            at_most=1.0,
        ),
    ]
    note = (
        f"{ORDERS:,} orders selected, each with a refund; PostgreSQL. From the action to the preview, "
        "beside Django’s own page that asks whether the same orders are to be deleted."
    )
    return Table(title="A big click", figures=figures, note=note)
