"""Where the secrets are kept: out of what visitors may fetch, and out of other people's sight."""

import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.core.checks import CheckMessage

from ..conf import app_settings
from ..wechatpay.keys import key_file
from .messages import error, is_given, warning

SECRETS = ("PRIVATE_KEY", "API_V3_KEY")


def check_public_folders(**kwargs: object) -> list[CheckMessage]:
    """Look for secrets in the folders whose files a shop gives to its visitors."""
    return [
        error(
            where,
            f"is {path}, and visitors may fetch what is there: {name}.",
            hint="Move it elsewhere. If it was there in production, others may have it: have a new one "
            "made in the merchant platform.",
            number=116,
        )
        for where, path in secret_files()
        for name in public_folders_around(path)
    ]


def check_file_modes(**kwargs: object) -> list[CheckMessage]:
    """Look for secrets that other users of this machine may read."""
    return [
        warning(
            where,
            f"is {path}, which {who} may read.",
            hint=f"Have it belong to the user that runs the shop, and chmod 600 {path}; or chmod 640, "
            "where it belongs to root and to a group of the shop's own.",
            number=117,
        )
        for where, path in secret_files()
        if (who := other_readers(path))
    ]


def secret_files() -> Iterator[tuple[str, Path]]:
    """The files that secrets are read from, each with its place in the setting."""
    raw = app_settings.raw if isinstance(app_settings.raw, Mapping) else {}
    merchants = raw.get("MERCHANTS")
    for name, merchant in merchants.items() if isinstance(merchants, Mapping) else ():
        for key in SECRETS if isinstance(merchant, Mapping) else ():
            path = key_file(merchant[key]) if is_given(merchant.get(key)) else None
            if path is not None:
                yield f"['MERCHANTS']['{name}']['{key}']", path


def public_folders_around(path: Path) -> list[str]:
    """The names of the public folders that the file is in, itself or as a link."""
    places = path.resolve(), path.parent.resolve() / path.name
    return [
        name
        for name, folder in public_folders()
        if any(place.is_relative_to(folder) for place in places)
    ]


def public_folders() -> Iterator[tuple[str, Path]]:
    """The folders whose files are given away, each with what makes it so."""
    for name in ("MEDIA_ROOT", "STATIC_ROOT"):
        if folder := getattr(settings, name):  # unset ones are None or empty
            yield name, Path(folder).resolve()
    for entry in settings.STATICFILES_DIRS:
        folder = entry[1] if isinstance(entry, list | tuple) else entry
        yield "STATICFILES_DIRS", Path(folder).resolve()
    for app in apps.get_app_configs():
        yield f"the static files of {app.label}", (Path(app.path) / "static").resolve()


def other_readers(path: Path) -> str:
    """Who may read a file besides those who have to; empty if nobody.

    That its group may is fine where the shop reads it as a member of that group.
    """
    if not hasattr(os, "geteuid"):
        return ""  # Windows, whose modes say nothing
    found = path.stat()
    if found.st_mode & stat.S_IROTH:
        return "everybody on this machine"
    is_ours = found.st_uid == os.geteuid()
    return "its group" if is_ours and found.st_mode & stat.S_IRGRP else ""
