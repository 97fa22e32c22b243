"""Cancellations as the lines of a file: the names of the columns, and how such a file is read."""

import csv
import re
from codecs import BOM_UTF8
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from difflib import get_close_matches
from io import StringIO
from typing import Final

from django.utils.translation import gettext as _

from ..exceptions import InvalidRequest
from . import cells

IDENTIFIERS: Final = ("sub_mchid", "transaction_id", "refund_id")
# What an export has, in its order; a file that asks may have any of them. The others are passed over.
COLUMNS: Final = (
    "id",
    "order_reference",
    "merchant",
    "mchid",
    *IDENTIFIERS,
    "description",
    "status",
    "in_doubt",
    "proof",
    "reason",
    "result",
    "error_code",
    "error_message",
    "request_id",
    "attempt_count",
    "send_after",
    "next_attempt_at",
    "order_model",
    "order_pk",
    "scope",
    "paid_amount",
    "refunded_amount",
    "subsidy_amount",
    "source",
    "requested_by",
    "requested_by_name",
    "resolved_by_name",
    "resolved_at",
    "resolution_note",
    "created_at",
    "updated_at",
    "completed_at",
    "url",
    "is_final",
    "can_retry",
    "advice",
)
DELIMITERS: Final = (",", ";", "\t")
UTF_16: Final = (b"\xff\xfe", b"\xfe\xff")
LATIN: Final = "\u024f"  # the last of the Latin letters with accents
TWO_BYTES: Final = "\u07ff"  # the last letter that has two bytes in UTF-8

SCIENTIFIC: Final = re.compile(r"\d([.,]\d+)?E\+?\d+", re.IGNORECASE | re.ASCII)
WITH_POINT: Final = re.compile(r"\d+[.,]0+", re.ASCII)
LONG: Final = 24  # digits from which on an ID that fits into a floating-point number is no accident
FLOAT_DIGITS: Final = 17  # significant digits of a floating-point number; spreadsheets keep 15


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of a file that asks: which order or transaction, and with what. Empty: not said."""

    number: int
    order_reference: str = ""
    merchant: str = ""
    sub_mchid: str = ""
    transaction_id: str = ""
    refund_id: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a line, in words; `code` where it is a reason or an error that has one."""

    line: int
    message: str
    code: str = ""

    def __str__(self) -> str:
        return _("Line %(line)d: %(problem)s") % {"line": self.line, "problem": self.message}


READ: Final = tuple(each.name for each in fields(Line) if each.name != "number")


def read_lines(data: bytes) -> tuple[list[Line], list[Problem]]:
    """The lines of a CSV file, and what is wrong with others.

    UTF-8 with or without a BOM, or GB18030; commas, semicolons or tabs. Line numbers are those that
    an editor shows. Raises InvalidRequest, saying what to do, for what cannot be read at all.
    """
    text = decoded(data)
    lines: list[Line] = []
    problems: list[Problem] = []
    header: Sequence[str] | None = None
    for number, row in numbered(text, problems=problems):
        if not any(map(str.strip, row)):
            continue
        if header is None:
            header = header_of(row)
            continue
        problem = problem_with_row(row, header=header)
        line = line_of(row, header=header, number=number)
        problem = problem or problem_with_line(line)
        if problem:
            problems.append(Problem(number, problem))
        else:
            lines.append(line)
    if header is None or not (lines or problems):
        raise unreadable(_("The file has no lines but the header."))
    return lines, problems


def unreadable(words: str) -> InvalidRequest:
    """What is raised for a file that cannot be read at all."""
    return InvalidRequest(words, code="unreadable")


def decoded(data: bytes) -> str:
    """The file's text. Raises InvalidRequest for what is no text in an encoding that is known."""
    if data.startswith(UTF_16) or b"\0" in data:
        words = _("The file is no CSV file in UTF-8: save it as “CSV UTF-8”, not as Unicode text.")
        raise unreadable(words)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        broken_at = data.count(b"\n", 0, error.start) + 1
    else:
        if is_doubtful(data, text):
            words = _("The file may be in UTF-8 or in GB18030: save it as “CSV UTF-8”.")
            raise unreadable(words)
        return text
    # As UTF-8 a GB18030 file is nearly all gaps. A few gaps are a UTF-8 file that was damaged, and
    # read as GB18030 it would be nonsense. Hanzi in GB18030 often look like letters of two bytes in
    # UTF-8, and hardly ever like those of three that hanzi have there.
    guessed = data.decode("utf-8", "replace")
    gaps = guessed.count("\ufffd")
    if sum(letter > TWO_BYTES for letter in guessed) - gaps > gaps:
        raise unreadable(_("Line %(line)d is not valid UTF-8.") % {"line": broken_at})
    try:
        return data.decode("gb18030")
    except UnicodeDecodeError:
        raise unreadable(
            _("The file is neither in UTF-8 nor in GB18030: save it as “CSV UTF-8”.")
        ) from None


def is_doubtful(data: bytes, text: str) -> bool:
    """Whether what can be read as UTF-8 may as well be GB18030, as the bytes of 双十一 and 系统 can.

    Any letter of two bytes in UTF-8 is one of GB18030, too. Letters with accents hardly are meant so;
    whoever writes other alphabets has the BOM tell.
    """
    letters = {letter for letter in text if letter > "\x7f"}
    has_bom = data.startswith(BOM_UTF8)
    return not has_bom and bool(letters) and LATIN < max(letters) <= TWO_BYTES


def delimiter_of(text: str) -> str:
    """What the header's columns are separated by: what makes the most of its names known ones."""
    header = next((line for line in text.splitlines() if line.strip()), "")

    def known(delimiter: str) -> int:
        return sum(column_name(cell) in COLUMNS for cell in header.split(delimiter))

    return max(DELIMITERS, key=known)  # the first of equals: a comma


def column_name(cell: str) -> str:
    """A column's name as it was meant."""
    return cell.strip().strip('"').strip().lower()


def header_of(row: Sequence[str]) -> list[str]:
    """The names of the columns. Raises InvalidRequest for one that is not known, or missing."""
    names = [column_name(cell) for cell in row]
    while names and not names[-1]:  # spreadsheets leave empty columns behind
        names.pop()
    for name in names:
        if name not in COLUMNS:
            raise unreadable(unknown_column(name))
        if names.count(name) > 1:
            raise unreadable(_("There are two columns “%(name)s”.") % {"name": name})
    if "order_reference" not in names and not {"sub_mchid", "transaction_id"} <= set(names):
        words = _(
            "The first line has to name the columns: order_reference, or sub_mchid and "
            "transaction_id; refund_id and description if you like."
        )
        raise unreadable(words)
    return names


def unknown_column(name: str) -> str:
    """Words for a column that is not known, with the near miss if there is one."""
    words = _("There is no column “%(name)s”.") % {"name": name[:80]}
    near = get_close_matches(name, COLUMNS, n=1)
    if near:
        hint = _("Did you mean “%(near)s”?") % {"near": near[0]}
        return f"{words} {hint}"
    usual = _("A file has order_reference, or sub_mchid and transaction_id, in its first line.")
    return f"{words} {usual}"


def numbered(text: str, *, problems: list[Problem]) -> Iterator[tuple[int, list[str]]]:
    """The rows with the number of the line that each begins on; a row that is broken ends the file."""
    reader = csv.reader(StringIO(text, newline=""), delimiter=delimiter_of(text), strict=True)
    while True:
        number = reader.line_num + 1
        try:
            row = next(reader, None)
        except csv.Error:
            words = _(
                "A quotation mark is missing, or there is one too many; nothing is read from here."
            )
            problems.append(Problem(number, words))
            return
        if row is None:
            return
        yield number, row


def problem_with_row(row: Sequence[str], *, header: Sequence[str]) -> str:
    """What is wrong with a row's length, empty if nothing is: a stray delimiter moves all after it."""
    if not any(map(str.strip, row[len(header) :])):
        return ""
    return _("There are %(cells)d values for %(columns)d columns.") % {
        "cells": len(row),
        "columns": len(header),
    }


def line_of(row: Sequence[str], *, header: Sequence[str], number: int) -> Line:
    """A row's values by their columns; those that are not asked for are left out."""
    values: Mapping[str, str] = {
        name: identifier(cells.read(cell)) if name in IDENTIFIERS else cells.read(cell)
        for name, cell in zip(header, row, strict=False)
        if name in READ
    }
    return Line(number=number, **values)


def identifier(text: str) -> str:
    """An identifier without the mark that people put before one, whether it needs it or not."""
    return text.removeprefix(cells.MARK)


def problem_with_line(line: Line) -> str:
    """What is wrong with a line by itself, empty if nothing is."""
    for name in IDENTIFIERS:
        value = getattr(line, name)
        if is_mangled(value):
            return _(
                "%(column)s is %(value)s: a spreadsheet has turned the ID into a number, and its last "
                "digits are lost. Export it anew, and have the spreadsheet read the column as text."
            ) % {"column": name, "value": value[:80]}
    if bool(line.sub_mchid) != bool(line.transaction_id) and not line.order_reference:
        return _("sub_mchid and transaction_id are needed both.")
    if not (line.order_reference or line.transaction_id):
        return _("It names no order: order_reference, or sub_mchid and transaction_id, is empty.")
    return ""


def is_mangled(value: str) -> bool:
    """Whether a spreadsheet has made a number of an ID: written as 4.2E+27, or rounded.

    Of 28 digits a floating-point number keeps 15 to 17; the rest are zeros, or what the nearest
    such number happens to end in.
    """
    if SCIENTIFIC.fullmatch(value) or WITH_POINT.fullmatch(value):
        return True
    if len(value) < LONG or not (value.isascii() and value.isdecimal()):
        return False
    return len(value.rstrip("0")) <= FLOAT_DIGITS or int(float(value)) == int(value)
