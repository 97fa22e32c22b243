"""Delete what is no longer needed, or have a person no longer named."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from wechat_subsidies.conf import app_settings
from wechat_subsidies.exceptions import InvalidRequest
from wechat_subsidies.management.progress import Lines
from wechat_subsidies.services.pruning import anonymise, prune


class Command(BaseCommand):
    """Deletes old calls, drafts and idempotency keys; with --anonymise replaces a person's name instead."""

    help = (
        "Delete the calls to WeChat Pay made for cancellations that have been finished for "
        "RETENTION_DAYS (the last call and the proof of a success stay), drafts older than a week and "
        "idempotency keys older than a day. Cancellations stay; of those in doubt, in need of review "
        "or resolved by a person everything does."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The command's options."""
        parser.add_argument("--dry-run", action="store_true", help="only count")
        parser.add_argument(
            "--anonymise",
            metavar="USER",
            help="delete nothing; replace this user, wherever named as one who did something",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it, and say how much it was."""
        lines = Lines(self.stdout)
        if options["anonymise"] is None:
            self.prune(lines, dry_run=options["dry_run"])
        else:
            self.anonymise(lines, options["anonymise"], dry_run=options["dry_run"])

    def prune(self, lines: Lines, *, dry_run: bool) -> None:
        """Delete what is no longer needed."""
        pruned = prune(dry_run=dry_run, on_progress=lines.show)
        if dry_run:
            words = _(
                "Would be deleted: %(attempts)d calls of cancellations finished %(days)d days "
                "ago, %(drafts)d drafts, %(keys)d idempotency keys."
            )
        else:
            words = _(
                "Deleted: %(attempts)d calls of cancellations finished %(days)d days ago, "
                "%(drafts)d drafts, %(keys)d idempotency keys."
            )
        self.stdout.write(
            words
            % {
                "attempts": pruned.attempts,
                "days": app_settings.retention.days,
                "drafts": pruned.drafts,
                "keys": pruned.idempotency_keys,
            }
        )

    def anonymise(self, lines: Lines, name: str, *, dry_run: bool) -> None:
        """Replace a person."""
        try:
            done = anonymise(name, dry_run=dry_run, on_progress=lines.show)
        except InvalidRequest as error:
            raise CommandError(str(error)) from error
        facts = {"name": name, "rows": done.rows, "kept": done.kept}
        if dry_run:
            self.stdout.write(_("“%(name)s” would be replaced in %(rows)d places.") % facts)
        else:
            self.stdout.write(_("“%(name)s” was replaced in %(rows)d places.") % facts)
        if done.kept:
            words = _(
                "In %(kept)d places the name stays, because it is not known yet whether WeChat Pay "
                "cancelled the subsidy; repeat it once that is settled."
            )
            self.stdout.write(words % facts)
