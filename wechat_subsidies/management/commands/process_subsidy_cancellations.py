"""Send what is due: from cron, by hand, or for as long as the machine runs."""

import signal
import sys
import threading
import time
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, Final

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError, OutputWrapper
from django.utils.translation import gettext as _

from wechat_subsidies import sender, services

BAR: Final = 40  # characters
BETWEEN_LINES: Final = 30.0  # seconds, where there is no terminal to draw a bar on


def positive(text: str) -> int:
    """A number above 0. Raises ArgumentTypeError for anything else."""
    if not text.isdecimal() or int(text) < 1:
        message = f"{text!r} is no number above 0"
        raise ArgumentTypeError(message)
    return int(text)


class Command(BaseCommand):
    """Sends every cancellation that is due, and asks for what confirmed batches still hold."""

    help = (
        "Send every subsidy cancellation that is due to WeChat Pay. Run it from cron every minute, or "
        "with --forever under a supervisor; several at once do no harm. On SIGTERM it takes nothing "
        "more on, and ends when the calls under way are recorded."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The command's options."""
        parser.add_argument("--forever", action="store_true", help="go on until terminated")
        parser.add_argument("--limit", type=positive, help="make at most this many calls")
        parser.add_argument("--merchant", help="only this merchant of the settings")
        parser.add_argument(
            "--concurrency",
            type=positive,
            default=sender.CONCURRENCY,
            help="calls under way at a time, for each platform merchant (default: %(default)s)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Send, and say how many calls there were and what came of them."""
        try:
            report = self.process(options)
        except ImproperlyConfigured as error:
            raise CommandError(str(error)) from error
        self.stdout.write(words_for(report) if report.calls else _("Nothing was due."))

    def process(self, options: dict[str, Any]) -> sender.ProcessReport:
        """Send what is due, or go on for ever, and show how it goes."""
        wanted = {name: options[name] for name in ("limit", "merchant", "concurrency", "forever")}
        progress: Bar | Lines = Lines(self.stdout)
        if self.stdout.isatty() and not options["forever"]:
            due = sender.count_due(merchant=options["merchant"])
            progress = Bar(self.stdout, total=min(due, options["limit"] or due))
        with until_terminated() as stop:
            report = services.process_due(**wanted, stop=stop, on_progress=progress.show)
        progress.end()
        return report


class Bar:
    """A bar on a terminal, drawn over itself."""

    def __init__(self, out: OutputWrapper, *, total: int) -> None:
        self.out, self.total, self.is_drawn = out, total, False

    def show(self, report: sender.ProcessReport) -> None:
        """Draw it; resends and what has become due meanwhile may take it beyond its end."""
        share = min(1.0, report.calls / max(1, self.total))
        done = "#" * round(BAR * share)
        self.out.write(f"\r[{done:<{BAR}}] {report.calls}/{self.total}", ending="")
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

    def show(self, report: sender.ProcessReport) -> None:
        """Write one, if the last is long ago."""
        if time.monotonic() - self.last >= BETWEEN_LINES:
            self.out.write(words_for(report))
            self.out.flush()
            self.last = time.monotonic()

    def end(self) -> None:
        """Nothing is open."""


def words_for(report: sender.ProcessReport) -> str:
    """How many calls there were, and what came of them."""
    outcomes = ", ".join(f"{name} {count}" for name, count in sorted(report.outcomes.items()))
    return _("%(calls)d calls: %(outcomes)s") % {"calls": report.calls, "outcomes": outcomes}


@contextmanager
def until_terminated() -> Iterator[threading.Event]:
    """An event that SIGTERM and Ctrl-C set; a second signal ends the process as usual."""
    stop = threading.Event()
    if threading.current_thread() is not threading.main_thread():  # signals are the main one's
        yield stop
        return

    def finish(number: int, frame: FrameType | None) -> None:
        stop.set()
        signal.signal(number, previous[number])
        sys.stderr.write(_("Finishing the calls that are under way.") + "\n")

    previous: dict[int, Any] = {
        number: signal.signal(number, finish) for number in (signal.SIGTERM, signal.SIGINT)
    }
    try:
        yield stop
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
