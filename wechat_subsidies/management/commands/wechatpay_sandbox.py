"""The sandbox, from the shop's own command line."""

import sys
from argparse import Namespace
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from wechat_subsidies.sandbox.__main__ import add_options, serve


class Command(BaseCommand):
    """Runs a local WeChat Pay gateway; the same as python -m wechat_subsidies.sandbox."""

    help = "A local WeChat Pay gateway that cancels subsidies and moves no money."
    requires_system_checks = []  # its keys may be what the settings still lack

    def add_arguments(self, parser: CommandParser) -> None:
        """The sandbox's own options."""
        add_options(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        """Serve until interrupted or terminated."""
        sys.exit(serve(Namespace(**options)))
