"""Try the settings out against WeChat Pay, by a call that moves no money."""

import json
import shutil
import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError
from django.utils.translation import gettext as _

from wechat_subsidies import services
from wechat_subsidies.conf import MerchantSettings, app_settings
from wechat_subsidies.selftest import Finding, try_out
from wechat_subsidies.terminal import GAP, table, wrapped

NAME_COLUMNS = 16
TRIED_COLUMNS = 29  # WeChat Pay's address just fits
ANSWER_COLUMNS = 20


class Command(BaseCommand):
    """Signs an echo call for each merchant and says what came back; exits with 1 if one failed."""

    help = "Sign a call to WeChat Pay for each merchant, verify the answer, and name what is wrong."
    requires_system_checks = []  # a wrong setting is what this is for

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The command's options."""
        parser.add_argument("--merchant", help="only this merchant of the settings")
        parser.add_argument("--json", action="store_true", help="for machines")

    def handle(self, *args: Any, **options: Any) -> None:
        """Try each merchant out and print the findings."""
        findings = [try_out(merchant) for merchant in self.merchants(options["merchant"])]
        if options["json"]:
            self.stdout.write(json.dumps([asdict(finding) for finding in findings], indent=2))
        else:
            columns = shutil.get_terminal_size().columns
            self.stdout.write(self.table(findings, columns=columns))
        for finding in findings:
            if finding.passed:
                self.resume(finding.merchant)
        if not all(finding.passed for finding in findings):
            sys.exit(1)

    def resume(self, merchant: str) -> None:
        """End the pauses that refused signatures began: ours has just been accepted."""
        try:
            count = services.resume_after_selftest(merchant)
        except DatabaseError:  # it may be run before the tables are there
            return
        if count:
            text = _("Sending of “%s” was paused because of refused signatures, and goes on.")
            self.stderr.write(text % merchant)

    def merchants(self, name: str | None) -> list[MerchantSettings]:
        """Those to try out. Raises CommandError if there are none."""
        try:
            found = [app_settings.merchant(name)] if name else list(app_settings.merchants.values())
        except ImproperlyConfigured as error:
            raise CommandError(str(error)) from error
        if not found:
            raise CommandError(_("WECHAT_SUBSIDIES['MERCHANTS'] names no merchant."))
        return found

    def table(self, findings: Sequence[Finding], *, columns: int) -> str:
        """The findings for people: a row each, and under it in full what came back and what to do."""
        return table(
            header=[_("Merchant"), _("Tried"), _("Came back"), _("Verdict")],
            rows=[self.row(finding) for finding in findings],
            notes=[self.note(finding, columns=columns) for finding in findings],
        )

    def row(self, finding: Finding) -> list[list[str]]:
        """The finding's cells, each a list of lines that fits into 80 columns with the others."""
        tried = finding.tried.replace("/v3/", " /v3/")  # where its line may be broken
        return [
            wrapped(finding.merchant, at=NAME_COLUMNS),
            wrapped(tried, at=TRIED_COLUMNS),
            wrapped(finding.answer, at=ANSWER_COLUMNS),
            [self.verdict(finding)],
        ]

    def verdict(self, finding: Finding) -> str:
        """Whether the merchant's settings work, in colour where there are colours."""
        return self.style.SUCCESS(_("works")) if finding.passed else self.style.ERROR(_("FAILS"))

    def note(self, finding: Finding, *, columns: int) -> list[str]:
        """The lines under the row: what came back and, if it failed, the setting to look at."""
        texts = [finding.came_back]
        if finding.advice:
            texts.append(_("Look at: %s") % finding.advice)
        return [GAP + line for text in texts for line in wrapped(text, at=columns - len(GAP))]
