"""Tables for a terminal, aligned also where Chinese characters take two columns each."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from itertools import zip_longest

GAP = "  "
# What stays on one line: a word, or a character of a script without spaces and what closes it.
WIDE = "\u2e80-\ua4cf\uf900-\ufaff\ufe30-\uffee"
COLOUR = re.compile(r"\x1b\[[0-9;]*m")
PIECES = re.compile(rf"\s*(?:[{WIDE}][，。、；：！？）》」』”]*|[^\s{WIDE}]+)")


def width(text: str) -> int:
    """The columns that a text takes in a terminal."""
    letters = COLOUR.sub("", text)
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in letters)


def padded(text: str, *, to: int) -> str:
    """The text, filled up with spaces to so many columns."""
    return text + " " * (to - width(text))


def printable(text: str) -> str:
    """The text without what would steer the terminal; it may be anybody's."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


def wrapped(text: str, *, at: int) -> list[str]:
    """The text in lines of at most so many columns; a word that is longer is cut."""
    lines = [""]
    for piece in PIECES.findall(text):
        if lines[-1] and width(lines[-1] + piece) > at:
            lines.append("")
        lines[-1] += piece if lines[-1] else piece.lstrip()
        while width(lines[-1]) > at and len(lines[-1]) > at:
            lines[-1:] = [lines[-1][:at], lines[-1][at:]]
    return lines


def table(
    *,
    header: Sequence[str],
    rows: Iterable[Sequence[Sequence[str]]],
    notes: Iterable[Sequence[str]] = (),
) -> str:
    """A header, a rule, and rows; each cell of a row is a list of lines.

    `notes` are the lines to stand under each row, across all columns.
    """
    cells = [[[title] for title in header], *rows]
    widths = [
        max(width(line) for cell in column for line in cell or [""])
        for column in zip(*cells, strict=True)
    ]
    rule = [["-" * columns] for columns in widths]
    lines = []
    for row, note in zip_longest([cells[0], rule, *cells[1:]], [(), (), *notes], fillvalue=()):
        for texts in zip_longest(*row, fillvalue=""):
            filled = (padded(text, to=to) for text, to in zip(texts, widths, strict=True))
            lines.append(GAP.join(filled).rstrip())
        lines += note
    return "\n".join(lines)
