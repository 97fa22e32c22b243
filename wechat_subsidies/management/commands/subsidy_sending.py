"""Pause the sending, resume it, or list the pauses that hold."""

import getpass
import os
import shutil
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from wechat_subsidies import services
from wechat_subsidies.conf import app_settings
from wechat_subsidies.exceptions import InvalidRequest
from wechat_subsidies.models import SendingPause

from ..pauses import ALL, names_of, table_of, ways_to_resume


def os_user() -> str:
    """Who runs this, as the operating system knows them; a number where they have no name."""
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):  # in a container users may have none
        return str(os.getuid()) if hasattr(os, "getuid") else ""


class Command(BaseCommand):
    """Pauses and resumes for all processes; then, or without options, prints the pauses that hold."""

    help = (
        "Pause the sending for a merchant of the settings or for all, resume it, or list the pauses that "
        "hold. It holds for all processes within a second; calls that are under way are finished, and "
        "what is asked for meanwhile is recorded and waits. MERCHANT is a merchant of the settings, by "
        f"its name or its MCHID, or “{ALL}”, which is everything; a merchant that is called {ALL} goes "
        "by its MCHID."
    )
    requires_system_checks = []  # whatever is wrong with the settings, sending can be paused

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The command's options."""
        which = parser.add_mutually_exclusive_group()
        which.add_argument("--pause", metavar="MERCHANT", help="pause it; needs --reason")
        which.add_argument(
            "--resume",
            metavar="MERCHANT",
            help=(
                "resume it, also where sending was paused by itself; "
                f"“{ALL}” ends the pause of everything, and no single merchant's"
            ),
        )
        parser.add_argument("--reason", help="why sending is paused")
        parser.add_argument("--by", help="who does it (default: the operating system's user)")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it, and print what holds then."""
        if options["reason"] is not None and options["pause"] is None:
            raise CommandError(_("--reason goes with --pause."))
        by = options["by"] or os_user()
        try:
            if options["pause"] is not None:
                self.pause(options["pause"], reason=options["reason"] or "", by=by)
            elif options["resume"] is not None:
                self.resume(options["resume"], by=by)
        except InvalidRequest as error:
            raise CommandError(str(error)) from error
        self.list_pauses()

    def pause(self, merchant: str, *, reason: str, by: str) -> None:
        """Pause it. Raises CommandError without a reason, InvalidRequest for an unknown merchant."""
        if not reason.strip():
            raise CommandError(_("Say why sending is paused: --reason TEXT."))
        before = services.pauses_that_hold()
        if services.pause(named(merchant), reason=reason, paused_by=by) in before:
            self.stdout.write(_("It was paused already; who and why stay as they were."))

    def resume(self, merchant: str, *, by: str) -> None:
        """Resume it, and say how many pauses that ended. Raises CommandError."""
        if of_gone := pauses_of_gone(merchant):
            count = services.resume_pauses(of_gone, resumed_by=by)
        else:
            count = services.resume(named(merchant), resumed_by=by)
        self.stdout.write(_("Pauses ended: %(count)d") % {"count": count})
        if services.pauses_that_hold():
            self.stdout.write(_("These still hold:"))

    def list_pauses(self) -> None:
        """Print the pauses that hold, and how each is ended."""
        pauses = services.pauses_that_hold()
        if not pauses:
            self.stdout.write(_("Nothing is paused."))
            return
        self.stdout.write(table_of(pauses, columns=shutil.get_terminal_size().columns))
        ways = ", ".join(ways_to_resume(pauses))
        self.stdout.write(_("To resume: %(options)s") % {"options": ways})


def named(merchant: str) -> str | None:
    """The merchant as the services take it: None for all. Raises CommandError for an unknown one."""
    if merchant == ALL:
        return None
    if merchant in app_settings.merchants:
        return merchant
    if merchant and (names := names_of(merchant)):
        return names[0]
    known = ", ".join([*sorted(app_settings.merchants), ALL])
    words = _("The settings have no merchant “%(name)s”; there are: %(known)s.")
    raise CommandError(words % {"name": merchant, "known": known})


def pauses_of_gone(mchid: str) -> list[SendingPause]:
    """The pauses of a merchant that the settings no longer have; it goes by its MCHID."""
    pauses = [each for each in services.pauses_that_hold() if mchid and each.mchid == mchid]
    if pauses and (mchid in app_settings.merchants or names_of(mchid)):
        return []
    return pauses
