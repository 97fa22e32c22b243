"""Ask for every refunded order that has no cancellation: from cron, or by hand."""

from argparse import ArgumentParser
from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from wechat_subsidies.exceptions import InvalidRequest
from wechat_subsidies.management.arguments import duration, positive
from wechat_subsidies.management.progress import progress_on
from wechat_subsidies.management.reports import left_out_lines
from wechat_subsidies.services import worklist
from wechat_subsidies.services.looking_through import Candidate
from wechat_subsidies.services.worklist import WorkReport


class Command(BaseCommand):
    """Looks through the refunded orders and asks for what is left to do; exits with 1 if it could not."""

    help = (
        "Ask for the cancellation of the subsidy of every refunded order that has no cancellation "
        "yet; process_subsidy_cancellations sends them. Safe to repeat, and to run twice at a time. "
        "Partly refunded orders are left out without --partial."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The command's options."""
        parser.add_argument(
            "--older-than",
            type=duration,
            metavar="TIME",
            help="only what was refunded longer ago, such as 90m, 2h, 3d or 1w; needs "
            "'refunded_at' in the mapping of the orders",
        )
        parser.add_argument("--limit", type=positive, help="ask for at most this many")
        parser.add_argument("--model", help="only orders of this model, such as shop.Order")
        parser.add_argument(
            "--partial", action="store_true", help="ask for partly refunded orders, too"
        )
        parser.add_argument(
            "--dry-run", action="store_true", help="only say what would be asked for"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Ask, and say how many were asked for and what was left out."""
        try:
            report = self.work(options)
        except InvalidRequest as error:
            raise CommandError(str(error)) from error
        for line in lines_for(report, is_dry=options["dry_run"]):
            self.stdout.write(line)
        if report.unread:
            words = _("The orders of %(models)s could not be read; see the log.")
            raise CommandError(words % {"models": ", ".join(report.unread)})

    def work(self, options: dict[str, Any]) -> WorkReport:
        """Look through the orders, and show how it goes."""
        model = options["model"]
        progress = progress_on(self.stdout, count=lambda: worklist.count_candidates(model))
        try:
            return worklist.cancel_refunded(
                **{name: options[name] for name in ("model", "older_than", "limit")},
                **{name: options[name] for name in ("partial", "dry_run")},
                on_progress=lambda report: progress.show(report.orders, words_for(report)),
                on_wish=self.name if options["verbosity"] > 1 else lambda candidate: None,
            )
        finally:
            progress.end()

    def name(self, candidate: Candidate) -> None:
        """Write which order it is."""
        if candidate.target:
            target = candidate.target
            self.stdout.write(f"{target.reference} ({target.sub_mchid}, {target.transaction_id})")


def words_for(report: WorkReport) -> str:
    """How far it is."""
    return _("%(orders)d orders looked at, %(asked)d asked for") % {
        "orders": report.orders,
        "asked": report.asked,
    }


def lines_for(report: WorkReport, *, is_dry: bool) -> Iterator[str]:
    """What it came to."""
    if is_dry:
        yield _("%(count)d would be asked for.") % {"count": report.asked}
    elif report.asked:
        yield _("%(count)d asked for; process_subsidy_cancellations sends them.") % {
            "count": report.asked
        }
    else:
        yield _("There was nothing to ask for.")
    if report.recent:
        yield _("%(count)d left out: refunded too recently.") % {"count": report.recent}
    if report.undated:
        words = _("%(count)d left out: the shop does not say when they were refunded.")
        yield words % {"count": report.undated}
    yield from left_out_lines(report.left_out)
