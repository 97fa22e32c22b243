"""One value in one cell: written so that spreadsheets leave it as it is, and read again.

Excel, WPS and LibreOffice take a text of digits for a number, of which they keep 15, and a text
that begins with “=” for a formula. A quotation mark (') before it makes it a text for all of them,
and it stays there when they save the file; OWASP's ASVS 5.0 (1.2.10) asks for the same.
"""

import re
from datetime import datetime
from typing import Any, Final

from django.utils import timezone

MARK: Final = "'"
# What a spreadsheet begins to calculate at; of the full-width forms some do, where Chinese is written.
FORMULA: Final = frozenset("=+-@＝＋－＠﹦﹢﹣﹫\t\r\n\0'")
# Some look past what is not to be seen before it: no-break and zero-width blanks, a BOM.
UNSEEN: Final = " \xa0\u200b\u200c\u200d\u2060\u3000\ufeff"
# Made of what numbers, dates and times are written with.
NUMBER: Final = re.compile(r"[\s\d.,:/+\-%¥$Ee]*\d[\s\d.,:/+\-%¥$Ee]*")
HARMLESS: Final = re.compile(r"0|[1-9]\d{0,10}")  # a number that comes back as it was


def written(value: Any) -> str:
    """The value as the text of a cell: True as "true", a moment with its offset, None as nothing."""
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case int():
            return str(value)
        case datetime():
            aware = value if timezone.is_aware(value) else timezone.make_aware(value)
            return timezone.localtime(aware).isoformat(timespec="seconds")
    text = str(value)
    return MARK + text if is_changed_by_spreadsheets(text) else text


def is_changed_by_spreadsheets(text: str) -> bool:
    """Whether a spreadsheet would take it for something else than the text that it is."""
    begun = text.lstrip(UNSEEN)[:1]
    if begun and begun in FORMULA:
        return True
    return bool(NUMBER.fullmatch(text)) and not HARMLESS.fullmatch(text)


def read(cell: str) -> str:
    """The value that was written so, by us or in one of the other usual ways (="…", a tab)."""
    text = cell.strip()
    if text.startswith('="') and text.endswith('"'):
        text = text[2:-1].strip()
    if text.startswith(MARK) and is_changed_by_spreadsheets(text[1:]):
        text = text[1:].strip()
    return text
