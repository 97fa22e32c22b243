"""Send what is due: for cron, or by hand."""

from argparse import ArgumentParser, ArgumentTypeError
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from wechat_subsidies import services


def positive(text: str) -> int:
    """A number above 0. Raises ArgumentTypeError for anything else."""
    if not text.isdecimal() or int(text) < 1:
        message = f"{text!r} is no number above 0"
        raise ArgumentTypeError(message)
    return int(text)


class Command(BaseCommand):
    """Sends every cancellation that is due, and asks for what confirmed batches still hold."""

    help = "Send every subsidy cancellation that is due to WeChat Pay. Run it from cron."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The command's options."""
        parser.add_argument("--limit", type=positive, help="make at most this many calls")
        parser.add_argument("--merchant", help="only this merchant of the settings")

    def handle(self, *args: Any, **options: Any) -> None:
        """Send, and say how many calls there were and what came of them."""
        try:
            report = services.process_due(limit=options["limit"], merchant=options["merchant"])
        except ImproperlyConfigured as error:
            raise CommandError(str(error)) from error
        if not report.calls:
            self.stdout.write(_("Nothing was due."))
            return
        outcomes = ", ".join(f"{name} {count}" for name, count in sorted(report.outcomes.items()))
        self.stdout.write(
            _("%(calls)d calls: %(outcomes)s") % {"calls": report.calls, "outcomes": outcomes}
        )
