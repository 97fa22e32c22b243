"""What several commands take as the values of their options."""

import re
from argparse import ArgumentTypeError
from datetime import timedelta
from typing import Final

UNITS: Final = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
LONGEST: Final = timedelta(days=36_500)


def positive(text: str) -> int:
    """A number above 0. Raises ArgumentTypeError for anything else."""
    if not text.isdecimal() or int(text) < 1:
        message = f"{text!r} is no number above 0"
        raise ArgumentTypeError(message)
    return int(text)


def duration(text: str) -> timedelta:
    """A length of time such as 90m, 2h, 3d or 1w. Raises ArgumentTypeError for anything else."""
    found = re.fullmatch(r"(\d{1,6})([mhdw])", text, re.ASCII)
    length = timedelta(**{UNITS[found[2]]: int(found[1])}) if found else timedelta()
    if not timedelta() < length <= LONGEST:
        message = f"{text!r} is no length of time such as 90m, 2h, 3d or 1w"
        raise ArgumentTypeError(message)
    return length
