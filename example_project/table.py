"""Tables for a terminal, aligned also where Chinese characters take two columns each."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from itertools import zip_longest

GAP = "  "
# What stays on one line: a word, or a character of a script without spaces and what closes it.
WIDE = "\u2e80-\ua4cf\uf900-\ufaff\ufe30-\uffee"
PIECES = re.compile(rf"\s*(?:[{WIDE}][，。、；：！？）》」』”]*|[^\s{WIDE}]+)")


def width(text: str) -> int:
    """The columns that a text takes in a terminal."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def padded(text: str, *, to: int) -> str:
    """The text, filled up with spaces to so many columns."""
    return text + " " * (to - width(text))


def wrapped(text: str, *, at: int) -> list[str]:
    """The text in lines of at most so many columns; longer only where one word is."""
    lines = [""]
    for piece in PIECES.findall(text):
        if lines[-1] and width(lines[-1] + piece) > at:
            lines.append("")
        lines[-1] += piece if lines[-1] else piece.lstrip()
    return lines


def table(*, header: Sequence[str], rows: Iterable[Sequence[Sequence[str]]]) -> str:
    """A header, a rule, and rows; each cell of a row is a list of lines."""
    cells = [[[title] for title in header], *rows]
    widths = [
        max(width(line) for cell in column for line in cell or [""])
        for column in zip(*cells, strict=True)
    ]
    rule = [["-" * columns] for columns in widths]
    return "\n".join(
        GAP.join(
            padded(text, to=columns) for text, columns in zip(line, widths, strict=True)
        ).rstrip()
        for row in [cells[0], rule, *cells[1:]]
        for line in zip_longest(*row, fillvalue="")
    )
