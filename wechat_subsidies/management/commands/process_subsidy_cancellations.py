"""Send what is due: from cron, by hand, or for as long as the machine runs."""

import json
import shutil
import signal
import sys
import threading
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, Final

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from wechat_subsidies import sender, services
from wechat_subsidies.management.arguments import positive
from wechat_subsidies.management.collecting import what_is_loaded_left_alone
from wechat_subsidies.management.figures import WORDS, exceeded, limits_of, report_of
from wechat_subsidies.management.progress import Bar, Lines

EXCEEDED: Final = 2  # the exit code where a figure exceeds its limit


class Command(BaseCommand):
    """Sends every cancellation that is due, and asks for what confirmed batches still hold."""

    help = (
        "Send every subsidy cancellation that is due to WeChat Pay. Run it from cron every minute, or "
        "with --forever under a supervisor; several at once do no harm. On SIGTERM it takes nothing "
        "more on, and ends when the calls under way are recorded. With --status it sends nothing, and "
        "says how sending stands."
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
        parser.add_argument(
            "--status", action="store_true", help="send nothing, and print how sending stands"
        )
        parser.add_argument("--json", action="store_true", help="the same for machines")
        parser.add_argument(
            "--fail-if",
            metavar="NAME=NUMBER,…",
            help=(
                "the same, and exit with 2 if a figure exceeds its number, such as "
                "oldest_due=600,needs_review=0,paused=0: due for more than 600 seconds, any that needs "
                f"review, any pause. The figures are: {', '.join(WORDS)}"
            ),
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Send, and say how many calls there were and what came of them; or say how sending stands."""
        if options["status"] or options["json"] or options["fail_if"] is not None:
            self.show_status(options)
            return
        try:
            report = self.process(options)
        except ImproperlyConfigured as error:
            raise CommandError(str(error)) from error
        self.stdout.write(words_for(report) if report.calls else _("Nothing was due."))

    def show_status(self, options: dict[str, Any]) -> None:
        """Say how sending stands. Raises CommandError, with exit code 2, if a limit is exceeded."""
        if unfit := [name for name in ("forever", "limit", "merchant") if options[name]]:
            words = _("--status sends nothing and shows all merchants; leave out --%(name)s.")
            raise CommandError(words % {"name": unfit[0]})
        limits = {} if options["fail_if"] is None else limits_of(options["fail_if"])
        status = services.status()
        if options["json"]:
            self.stdout.write(json.dumps(status.as_json(), indent=2))
        else:
            columns = shutil.get_terminal_size().columns
            self.stdout.write(report_of(status, columns=columns))
        if failures := exceeded(status, limits):
            raise CommandError("; ".join(failures), returncode=EXCEEDED)

    def process(self, options: dict[str, Any]) -> sender.ProcessReport:
        """Send what is due, or go on for ever, and show how it goes."""
        wanted = {name: options[name] for name in ("limit", "merchant", "concurrency", "forever")}
        progress: Bar | Lines = Lines(self.stdout)
        if self.stdout.isatty() and not options["forever"]:
            due = sender.count_due(merchant=options["merchant"])
            progress = Bar(self.stdout, total=min(due, options["limit"] or due))
        with until_terminated() as stop, what_is_loaded_left_alone():
            report = services.process_due(
                **wanted,
                stop=stop,
                on_progress=lambda report: progress.show(report.calls, words_for(report)),
            )
        progress.end()
        return report


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

    def say_and_stop() -> None:
        stop.set()
        sys.stderr.write(_("Finishing the calls that are under way.") + "\n")

    def finish(number: int, frame: FrameType | None) -> None:
        signal.signal(number, previous[number])
        # Not here: the main thread, which this interrupts, may hold the locks that both need.
        threading.Thread(target=say_and_stop).start()

    previous: dict[int, Any] = {
        number: signal.signal(number, finish) for number in (signal.SIGTERM, signal.SIGINT)
    }
    try:
        yield stop
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
