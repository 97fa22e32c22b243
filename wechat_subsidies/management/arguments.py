"""What several commands take as the values of their options."""

from argparse import ArgumentTypeError


def positive(text: str) -> int:
    """A number above 0. Raises ArgumentTypeError for anything else."""
    if not text.isdecimal() or int(text) < 1:
        message = f"{text!r} is no number above 0"
        raise ArgumentTypeError(message)
    return int(text)
