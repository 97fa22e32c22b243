"""How far a long command is: a bar on a terminal, a line every now and then elsewhere."""

import time
from collections.abc import Callable
from typing import Final

from django.core.management.base import OutputWrapper

BAR: Final = 40  # characters
BETWEEN_LINES: Final = 30.0  # seconds, where there is no terminal to draw a bar on


class Bar:
    """A bar on a terminal, drawn over itself."""

    def __init__(self, out: OutputWrapper, *, total: int) -> None:
        self.out, self.total, self.is_drawn = out, total, False

    def show(self, done: int, words: str = "") -> None:
        """Draw it; what has come to be done meanwhile may take it beyond its end."""
        share = min(1.0, done / max(1, self.total))
        drawn = "#" * round(BAR * share)
        self.out.write(f"\r[{drawn:<{BAR}}] {done}/{self.total}", ending="")
        self.out.flush()
        self.is_drawn = True

    def end(self) -> None:
        """Leave its line."""
        if self.is_drawn:
            self.out.write("")


class Lines:
    """A line every now and then, for logs."""

    def __init__(self, out: OutputWrapper) -> None:
        self.out, self.last = out, time.monotonic()

    def show(self, done: int, words: str = "") -> None:
        """Write how far it is, if the last line is long ago."""
        if time.monotonic() - self.last >= BETWEEN_LINES:
            self.out.write(words or str(done))
            self.out.flush()
            self.last = time.monotonic()

    def end(self) -> None:
        """Nothing is open."""


def progress_on(out: OutputWrapper, *, count: Callable[[], int]) -> Bar | Lines:
    """What fits where the output goes; how much there is to do is counted for a bar alone."""
    return Bar(out, total=count()) if out.isatty() else Lines(out)
