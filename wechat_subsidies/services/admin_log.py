"""Entries in the admin's own log: what shows under “History” of an order, and of its cancellation.

Only where Django's admin is installed, and for users of the site; who asked is in our own tables in
any case.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

from django.apps import apps
from django.db import models
from django.utils.translation import gettext as _

from ..models import CancellationBatch, CancellationEvent, SubsidyCancellation
from ..orders import model_labelled
from .requester import Requester
from .transactions import after_commit, write_alias

if TYPE_CHECKING:
    from django.contrib.admin.models import LogEntry

CHUNK: Final = 500  # entries written by one statement
NAME_LENGTH: Final = 200  # characters of an object's name that Django keeps

Told = tuple[SubsidyCancellation, Any]  # what was done something to, and the key of who did it


def log_asked(rows: Iterable[SubsidyCancellation], *, using: str) -> None:
    """Write, once it is committed, that the users recorded with these rows asked for them."""
    told = [(row, row.requested_by_id) for row in rows if row.requested_by_id is not None]
    log_asked_by(told, using=using)


def log_confirmed(batch: CancellationBatch, rows: Iterable[SubsidyCancellation]) -> None:
    """Write, once it is committed, that who confirmed the batch asked for these.

    Not who had selected them: without the other's confirmation nothing would have been sent.
    """
    user = batch.confirmed_by_id
    told = [(row, user) for row in rows] if user is not None else []
    log_asked_by(told, using=write_alias())


def log_asked_by(told: Sequence[Told], *, using: str) -> None:
    """Write, once it is committed, that these users asked for these."""
    words = _("Asked WeChat Pay to cancel the subsidy.")
    log_after_commit(told, words=words, is_new=True, using=using)


def log_decided(
    rows: Iterable[SubsidyCancellation],
    *,
    kind: CancellationEvent.Kind,
    note: str,
    who: Requester,
    using: str,
) -> None:
    """Write, once it is committed, what this user decided about these."""
    told = [(row, who.user.pk) for row in rows] if who.user else []
    words = _("Cancellation of the subsidy: %(what)s.") % {"what": kind.label}
    log_after_commit(told, words=f"{words} {note}".strip(), is_new=False, using=using)


def log_after_commit(told: Sequence[Told], *, words: str, is_new: bool, using: str) -> None:
    """Write, once it is committed, who did this to which cancellations, and so to their orders.

    An error in writing is logged and holds nothing up: no subsidy depends on it.
    """
    if told and apps.is_installed("django.contrib.admin"):
        after_commit(lambda: write(told, words=words, is_new=is_new), using=using)


def write(told: Sequence[Told], *, words: str, is_new: bool) -> None:
    """Write the entries, as many as may be by one statement."""
    from django.contrib.admin.models import LogEntry

    LogEntry.objects.bulk_create(entries(told, words=words, is_new=is_new), batch_size=CHUNK)


def entries(told: Iterable[Told], *, words: str, is_new: bool) -> Iterator["LogEntry"]:
    """An entry for each cancellation, and one for its order where it has one."""
    from django.contrib.admin.models import ADDITION, CHANGE, LogEntry
    from django.contrib.contenttypes.models import ContentType

    for row, user in told:
        objects: list[tuple[type[models.Model], str, int]] = [
            (type(row), str(row.pk), ADDITION if is_new else CHANGE)
        ]
        order_model = model_labelled(row.order_model) if row.order_pk else None
        if order_model is not None:
            objects.append((order_model, row.order_pk, CHANGE))
        for model, key, flag in objects:
            yield LogEntry(
                user_id=user,
                content_type=ContentType.objects.get_for_model(model, for_concrete_model=False),
                object_id=key,
                object_repr=str(row)[:NAME_LENGTH],
                action_flag=flag,
                change_message=words,
            )
