"""Try the settings out against WeChat Pay, by a call that moves no money."""

import json
import sys
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from wechat_subsidies.conf import MerchantSettings, app_settings
from wechat_subsidies.selftest import Finding, try_out


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
            for finding in findings:
                self.write_finding(finding)
        if not all(finding.passed for finding in findings):
            sys.exit(1)

    def merchants(self, name: str | None) -> list[MerchantSettings]:
        """Those to try out. Raises CommandError if there are none."""
        try:
            found = [app_settings.merchant(name)] if name else list(app_settings.merchants.values())
        except ImproperlyConfigured as error:
            raise CommandError(str(error)) from error
        if not found:
            raise CommandError(_("WECHAT_SUBSIDIES['MERCHANTS'] names no merchant."))
        return found

    def write_finding(self, finding: Finding) -> None:
        """A merchant's finding, for people."""
        verdict = self.style.SUCCESS(_("works")) if finding.passed else self.style.ERROR(_("FAILS"))
        self.stdout.write(f"{finding.merchant}: {verdict}")
        self.stdout.write(_("  tried:     %s") % finding.tried)
        self.stdout.write(_("  came back: %s") % finding.came_back)
        if finding.advice:
            self.stdout.write(_("  look at:   %s") % finding.advice)
