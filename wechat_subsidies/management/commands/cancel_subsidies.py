"""Ask for the cancellations that a file lists."""

import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from wechat_subsidies.conf import app_settings
from wechat_subsidies.exceptions import SubsidyError
from wechat_subsidies.management.progress import progress_on
from wechat_subsidies.models import SubsidyCancellation
from wechat_subsidies.orders import ReasonCode
from wechat_subsidies.services.listing import ListReport, cancel_listed
from wechat_subsidies.services.tabular import read_lines


class Command(BaseCommand):
    """Looks all lines of a CSV file through and asks for them; exits with 1 if one keeps it from that."""

    help = (
        "Ask for the cancellation of the subsidies of the orders in a CSV file (UTF-8 or GB18030), "
        "whose first line names its columns: order_reference, or sub_mchid and transaction_id; "
        "refund_id and description if you like. Nothing is asked "
        "for if a line has a problem. What was asked for before is left as it is, only what was "
        "withdrawn is asked for anew. process_subsidy_cancellations sends what is asked for."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The command's options."""
        parser.add_argument("file", metavar="FILE.csv", help="the file; - for standard input")
        parser.add_argument(
            "--dry-run", action="store_true", help="only say what would be asked for"
        )
        parser.add_argument(
            "--skip-bad", action="store_true", help="ask for the lines that have no problem"
        )
        parser.add_argument(
            "--partial", action="store_true", help="ask for partly refunded orders, too"
        )
        parser.add_argument(
            "--merchant",
            help="the merchant of the settings; orders of another one are a problem (default: that of "
            "each order, and “default” for transactions without one)",
        )
        parser.add_argument("--by", default="", help="who asks: a username, or any name")

    def handle(self, *args: Any, **options: Any) -> None:
        """Ask, and say what became of which line."""
        try:
            report = self.work(options)
        except SubsidyError as error:
            raise CommandError(str(error)) from error
        for problem in report.problems:
            self.stdout.write(str(problem))
        is_refused = bool(report.problems) and not options["skip_bad"]
        for line in lines_for(report, is_dry=options["dry_run"], is_refused=is_refused):
            self.stdout.write(line)
        if is_refused:
            raise CommandError(words_for_problems(report, is_dry=options["dry_run"]))

    def work(self, options: dict[str, Any]) -> ListReport:
        """Read the file and ask for its lines, and show how it goes."""
        lines, problems = read_lines(bytes_of(options["file"]))
        passes = 1 if options["dry_run"] else 2
        progress = progress_on(self.stdout, count=lambda: passes * len(lines))
        try:
            return cancel_listed(
                lines,
                problems=problems,
                requested_by=person(options["by"]),
                **{name: options[name] for name in ("merchant", "partial", "skip_bad", "dry_run")},
                on_progress=lambda report: progress.show(report.looked_at),
            )
        finally:
            progress.end()


def bytes_of(name: str) -> bytes:
    """What is in the file. Raises CommandError if it cannot be read."""
    try:
        return sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    except OSError as error:
        raise CommandError(f"{name}: {error.strerror}") from error


def person(name: str) -> Any:
    """The user of that name, or the name where there is none."""
    users = get_user_model()._default_manager
    return users.filter(**{get_user_model().USERNAME_FIELD: name}).first() or name


def lines_for(report: ListReport, *, is_dry: bool, is_refused: bool) -> Iterator[str]:
    """What it came to, apart from why a file is refused as a whole."""
    if is_dry and not is_refused:
        yield _("%(count)d would be asked for.") % {"count": report.ready}
    elif report.asked:
        yield _("%(count)d asked for; process_subsidy_cancellations sends them.") % {
            "count": report.asked
        }
    if report.withdrawn_before and (report.asked or not is_refused):
        words = _("%(count)d of these had been asked for before, and withdrawn.")
        yield words % {"count": report.withdrawn_before}
    for status, count in sorted(report.recorded_before.items()):
        label = SubsidyCancellation.Status(status).label
        yield _("%(count)d had been asked for before: %(status)s") % {
            "count": count,
            "status": label,
        }
    codes = {problem.code for problem in report.problems}
    if ReasonCode.PARTLY_REFUNDED in codes and app_settings.partial_refunds == "ask":
        yield _("With --partial partly refunded orders are asked for, too.")


def words_for_problems(report: ListReport, *, is_dry: bool) -> str:
    """How many lines have a problem, and what that means."""
    facts = {
        "count": len({problem.line for problem in report.problems}),
        "ready": report.ready,
    }
    if report.asked:  # what happened between the two looks at a line
        return _("%(count)d lines were not asked for.") % facts
    if is_dry:
        words = _(
            "%(count)d lines have a problem, so nothing would be asked for; with --skip-bad "
            "%(ready)d would be."
        )
        return words % facts
    words = _(
        "%(count)d lines have a problem, so nothing is asked for; --skip-bad asks for the rest."
    )
    return words % facts
