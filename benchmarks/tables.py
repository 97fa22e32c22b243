"""Figures, their bounds, and tables of them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One thing that was measured, in several rounds. `text` is how it is to be printed.

    A figure with bounds has to keep them by its median; `aim` is what is hoped for, and no bound.
    """

    name: str
    values: Sequence[float]
    text: str = "{:.2f}"
    at_most: float | None = None
    at_least: float | None = None
    aim: str = ""

    @property
    def median(self) -> float:
        """The figure to quote."""
        return median(self.values)

    @property
    def is_kept(self) -> bool:
        """Whether it is within its bounds."""
        is_small_enough = self.at_most is None or self.median <= self.at_most
        return is_small_enough and (self.at_least is None or self.median >= self.at_least)

    @property
    def bound(self) -> str:
        """Its bounds, in words."""
        bounds = {"≤": self.at_most, "≥": self.at_least}
        said = [f"{sign} {value:g}" for sign, value in bounds.items() if value is not None]
        return " and ".join(said) + (f" (aim: {self.aim})" if self.aim else "")

    @property
    def cells(self) -> tuple[str, ...]:
        """One line of a table."""
        spread = f"{self.text} – {self.text}".format(min(self.values), max(self.values))
        verdict = ("yes" if self.is_kept else "**no**") if self.bound else ""
        return (self.name, self.text.format(self.median), spread, self.bound, verdict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """What one subject found."""

    title: str
    figures: Sequence[Figure]
    note: str = ""

    def __str__(self) -> str:
        rounds = max(len(figure.values) for figure in self.figures)
        head = ("", f"median of {rounds}", "lowest – highest", "bound", "kept")
        lines = [head, ("---",) * len(head), *(figure.cells for figure in self.figures)]
        parts = [f"## {self.title}", self.note, "\n".join(map(line, lines))]
        return "\n\n".join(part for part in parts if part)


def line(cells: Iterable[str]) -> str:
    """A line of a Markdown table."""
    return f"| {' | '.join(cells)} |"


def broken(tables: Iterable[Table]) -> list[str]:
    """The figures that do not keep their bounds, by name."""
    return [
        f"{table.title}: {figure.name} is {figure.text.format(figure.median)}, not {figure.bound}"
        for table in tables
        for figure in table.figures
        if not figure.is_kept
    ]
