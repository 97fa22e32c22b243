"""What is no longer needed is deleted, and people who have left are made nameless."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import partial as bind
from typing import Any, Final

from django.contrib.auth import get_user_model
from django.db import models, transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from .. import clock, logbook
from ..conf import app_settings
from ..exceptions import InvalidRequest
from ..models import (
    CancellationAttempt,
    CancellationBatch,
    CancellationBatchItem,
    CancellationEvent,
    IdempotencyKey,
    SendingPause,
    SubsidyCancellation,
)
from ..retrying import retried
from .requester import Requester
from .transactions import write_alias

CHUNK: Final = 500  # rows changed in one transaction
DRAFTS_KEPT: Final = timedelta(days=7)  # their page says for so long that they are too old
KEYS_KEPT: Final = timedelta(hours=24)  # idempotency keys
NAMELESS: Final = "(anonymised)"  # stored, so it is the same in every language

Status = SubsidyCancellation.Status
FINISHED: Final = (Status.SUCCEEDED, Status.FAILED, Status.WITHDRAWN)
Show = Callable[[int], None]


@dataclass(slots=True, kw_only=True)
class Pruned:
    """How much was deleted, or would be."""

    attempts: int = 0
    drafts: int = 0
    idempotency_keys: int = 0


def prune(*, dry_run: bool = False, on_progress: Show = lambda count: None) -> Pruned:
    """Delete what is no longer needed, a few hundred rows a transaction; safe to repeat.

    That is the calls (attempts) made for cancellations which have been finished and untouched for
    `RETENTION_DAYS`, except the last of each and those that prove a success; drafts of batches that
    are older than a week, and idempotency keys older than a day. Of a cancellation in doubt, that
    needs review or that a person resolved, nothing is deleted. With `dry_run` it is only counted.
    `on_progress` is called with the number of rows deleted so far.
    """
    using, pruned = write_alias(), Pruned()
    for name, doomed, delete in (
        ("attempts", doomed_attempts(using), delete_attempts),
        ("drafts", doomed_drafts(using), delete_drafts),
        ("idempotency_keys", doomed_keys(using), delete_keys),
    ):
        before = sum((pruned.attempts, pruned.drafts, pruned.idempotency_keys))
        if dry_run:
            count = doomed.count()
        else:
            count = 0
            for keys in pages(doomed):
                count += retried(bind(delete, keys, using=using))
                on_progress(before + count)
        setattr(pruned, name, count)
    if not dry_run:
        logbook.write("pruned", attempts=pruned.attempts, drafts=pruned.drafts)
    return pruned


def pages(rows: "models.QuerySet[Any]") -> Iterator[list[Any]]:
    """The keys of these rows, a few hundred at a time, in their order; each row once."""
    last: Any = None
    while True:
        page = rows if last is None else rows.filter(pk__gt=last)
        keys = list(page.order_by("pk").values_list("pk", flat=True)[:CHUNK])
        if not keys:
            return
        yield keys
        last = keys[-1]


def finished(using: str) -> "models.QuerySet[SubsidyCancellation]":
    """The cancellations to which nothing more happens, untouched for as long as calls are kept.

    What a person has stated is not among them: reopened it is in doubt again, and its calls are all
    that is known of it.
    """
    untouched = SubsidyCancellation.objects.using(using).filter(
        status__in=FINISHED, in_doubt=False, updated_at__lt=timezone.now() - app_settings.retention
    )
    return untouched.exclude(proof=SubsidyCancellation.Proof.PERSON)


def doomed_attempts(using: str) -> "models.QuerySet[CancellationAttempt]":
    """The calls that are no longer needed: neither the last nor the proof of a success."""
    attempts = CancellationAttempt.objects.using(using)
    later = attempts.filter(cancellation=OuterRef("cancellation"), pk__gt=OuterRef("pk"))
    return attempts.filter(
        Exists(later),
        ended_at__lt=clock.now(using) - app_settings.retention,
        cancellation__in=finished(using),
    ).exclude(outcome=CancellationAttempt.Outcome.SUCCEEDED)


def delete_attempts(keys: list[int], *, using: str) -> int:
    """Delete these calls, but none of a cancellation that has been taken up again meanwhile."""
    attempts = CancellationAttempt.objects.using(using).filter(pk__in=keys)
    with transaction.atomic(using=using):
        owners = set(attempts.values_list("cancellation", flat=True))
        locked = finished(using).filter(pk__in=owners).order_by("pk").select_for_update()
        still = list(locked.values_list("pk", flat=True))
        return attempts.filter(cancellation__in=still).delete()[0]


def doomed_drafts(using: str) -> "models.QuerySet[CancellationBatch]":
    """The drafts that nobody has confirmed."""
    return CancellationBatch.objects.using(using).filter(
        status=CancellationBatch.Status.DRAFT,
        created_at__lt=timezone.now() - DRAFTS_KEPT,
    )


def delete_drafts(keys: list[int], *, using: str) -> int:
    """Delete these drafts with their items, one a transaction: one may have very many."""
    return sum(retried(bind(delete_draft, key, using=using)) for key in keys)


def delete_draft(key: int, *, using: str) -> int:
    """Delete a draft, unless it has been confirmed meanwhile."""
    with transaction.atomic(using=using):
        draft = doomed_drafts(using).filter(pk=key).select_for_update().first()
        if draft is None:
            return 0
        CancellationBatchItem.objects.using(using).filter(batch=draft).delete()
        draft.delete(using=using)
    return 1


def doomed_keys(using: str) -> "models.QuerySet[IdempotencyKey]":
    """The idempotency keys that no repeat is expected of any more."""
    return IdempotencyKey.objects.using(using).filter(
        created_at__lt=timezone.now() - KEYS_KEPT, locked_until__lt=clock.now(using)
    )


def delete_keys(keys: list[int], *, using: str) -> int:
    """Delete these idempotency keys."""
    return IdempotencyKey.objects.using(using).filter(pk__in=keys).delete()[0]


@dataclass(slots=True, kw_only=True)
class Anonymised:
    """In how many rows somebody was named, or would no longer be; and in how many still is."""

    rows: int = 0
    kept: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Naming:
    """Columns that name a person: a name, and the user where that is kept."""

    model: type[models.Model]
    name: str
    user: str = ""
    in_doubt: str = ""  # the path to whether the row is one in doubt


NAMINGS: Final = (
    Naming(
        model=SubsidyCancellation,
        name="requested_by_name",
        user="requested_by",
        in_doubt="in_doubt",
    ),
    Naming(model=SubsidyCancellation, name="resolved_by_name", in_doubt="in_doubt"),
    Naming(
        model=CancellationEvent,
        name="actor_name",
        user="actor",
        in_doubt="cancellation__in_doubt",
    ),
    Naming(model=CancellationBatch, name="requested_by_name", user="requested_by"),
    Naming(model=CancellationBatch, name="confirmed_by_name", user="confirmed_by"),
    Naming(model=CancellationBatch, name="stopped_by_name"),
    Naming(model=SendingPause, name="paused_by_name"),
    Naming(model=SendingPause, name="lifted_by_name"),
)


def anonymise(
    name: str, *, dry_run: bool = False, on_progress: Show = lambda count: None
) -> Anonymised:
    """Replace a person, known by a user's name, wherever they are named as one who did something.

    Rows that point to the user, and those with that very name that point to no user, get neither
    any more. The user need not exist any more. Of a cancellation in doubt nothing is changed: the
    person may still have to be asked; `kept` counts those. Notes are left as they were written.
    Raises InvalidRequest without a name.
    """
    if name.strip() in {"", NAMELESS}:
        words = _("Say who is to be made nameless: the name of a user.")
        raise InvalidRequest(words, fields={"name": ("required", words)})
    using, done = write_alias(), Anonymised()
    user = user_named(name, using=using)
    stored = Requester.of(name).name
    for naming in NAMINGS:
        rows = rows_naming(stored, user, naming=naming, using=using)
        if naming.in_doubt:
            doubtful = rows.filter(**{naming.in_doubt: True})
            done.kept += sum(map(len, pages_naming(stored, doubtful, naming=naming)))
            rows = rows.filter(**{naming.in_doubt: False})
        for keys in pages_naming(stored, rows, naming=naming):
            if dry_run:
                done.rows += len(keys)
            else:
                done.rows += retried(bind(forget, keys, rows=rows, naming=naming))
            on_progress(done.rows)
    if not dry_run:
        logbook.write("anonymised", rows=done.rows)
    return done


def user_named(name: str, *, using: str) -> Any | None:
    """The user of that name, letter for letter; None where there is none, or none any more."""
    users = get_user_model()._default_manager.using(using)
    user = users.filter(**{get_user_model().USERNAME_FIELD: name}).first()
    return user if user is not None and user.get_username() == name else None


def rows_naming(
    name: str, user: Any, *, naming: Naming, using: str
) -> "models.QuerySet[models.Model]":
    """The rows that point to the user, and those with that name that point to nobody."""
    condition = Q(**{naming.name: name})
    if naming.user:
        condition &= Q(**{f"{naming.user}__isnull": True})
        if user is not None:
            condition |= Q(**{naming.user: user})
    return naming.model._default_manager.using(using).filter(condition)


def pages_naming(
    name: str, rows: "models.QuerySet[models.Model]", *, naming: Naming
) -> Iterator[list[Any]]:
    """The keys of these rows, a few hundred at a time; databases that compare without case are not
    believed.
    """
    for keys in pages(rows):
        found = rows.filter(pk__in=keys).values_list("pk", naming.name, naming.user or "pk")
        yield [
            key
            for key, stored, user in found
            if stored == name or (naming.user and user is not None)
        ]


def forget(keys: list[Any], *, rows: "models.QuerySet[models.Model]", naming: Naming) -> int:
    """Replace the person in these rows, as far as they still are as they were found."""
    changes: dict[str, Any] = {naming.name: NAMELESS}
    if naming.user:
        changes[naming.user] = None
    return rows.filter(pk__in=keys).update(**changes)
