"""`Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header): one request is carried out once.

The natural key of a cancellation makes every repeat harmless by itself. A key tells a caller besides
that it is its own repeat: the same answer once more, with what it is about as it is by now.

A row for the key is committed before the work, with a lease: a repeat within it is told to wait,
and one that comes after a process has died over the work takes it up. It holds no body, of the
request nothing but a fingerprint.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial as bind
from hashlib import sha256
from typing import Any, Final, Protocol, TypeVar

from django.db import IntegrityError, router, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework.exceptions import APIException, NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.status import HTTP_201_CREATED, HTTP_202_ACCEPTED

from .. import clock
from ..models import CancellationBatch, IdempotencyKey, SubsidyCancellation
from ..retrying import retried
from ..services.pruning import KEYS_KEPT
from . import callers
from .errors import SHORT_WHILE, NotNow

HEADER: Final = "Idempotency-Key"
REPLAYED: Final = "Idempotent-Replayed"
LONGEST: Final = 255  # characters of a key
# A string as the draft has it, in quotes, or the same bare, without spaces and quotes.
PATTERN: Final = rf'"((?:[ !#-\[\]-~]|\\["\\]){{1,{LONGEST}}})"|([!#-~]{{1,{LONGEST}}})'
LEASE: Final = timedelta(minutes=2)  # longer than any request of ours takes

Resource = SubsidyCancellation | CancellationBatch
Recorded = TypeVar("Recorded", bound=Resource)


class BadKey(APIException):
    """400: the header is no key."""

    status_code = 400
    default_code = "invalid_idempotency_key"


class ReusedKey(APIException):
    """422: the key came with another request before."""

    status_code = 422
    default_code = "idempotency_key_reused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Remember:
    """How a request has its key know what it has done; without a key there is nothing to be known."""

    row: IdempotencyKey | None = None

    def __call__(self, resource: Resource) -> None:
        """Have the key know it, in the transaction that records it.

        Raises NotNow, and so takes it back, if another request has taken the key over meanwhile.
        """
        if self.row is not None:
            change(self.row, **columns_of(resource))

    def together_with(self, recording: Callable[[], Recorded]) -> Recorded:
        """Record and remember in one transaction; without a key, only record. Raises NotNow."""
        if self.row is None:
            return recording()
        with transaction.atomic(using=write_alias()):
            # Written to first: on SQLite a transaction that reads first cannot wait for those who write.
            change(self.row, locked_until=self.row.locked_until)
            resource = recording()
            self(resource)
        return resource


class Work(Protocol):
    """What a request is to do, and how its answer is made: a view."""

    def act(self, remember: Remember) -> Resource:
        """Do it; returns what it is about.

        It is remembered in the transaction that records it: a repeat of a request whose process died
        right after finds it as it is by then, whatever others have done with it.
        """

    def take_up(self, resource: Resource) -> Resource:
        """Go on with what an earlier process had recorded for the same request."""

    def find(self, resource: Resource) -> Resource:
        """The same as it is now. Raises NotFound if it does not exist for the caller."""

    def answer(self, resource: Resource) -> Response:
        """The answer that holds it."""


def answered_once(request: Request, work: Work, *, read_body: Callable[[], bytes]) -> Response:
    """The answer to the request, which is carried out once for each key, and at once without one.

    Raises BadKey, ReusedKey, and NotNow with code `request_in_progress`.
    """
    text = request.headers.get(HEADER)
    if text is None:
        return work.answer(work.act(Remember()))
    row = claimed(request, key=key_in(text), body=read_body())
    if row.http_status is not None:
        return replayed(row, work)
    try:
        known = about(row)
        resource = work.take_up(known) if known else work.act(Remember(row=row))
        response = work.answer(resource)
    except Exception:
        release(row)
        raise
    finish(row, http_status=response.status_code, resource=resource)
    return response


def key_in(text: str) -> str:
    """The key that the header holds: a string as the draft has it, in quotes, or bare. Raises BadKey."""
    found = re.fullmatch(PATTERN, text.strip())
    if found is None:
        words = _("An Idempotency-Key has 1 to %(most)d printable ASCII characters.")
        raise BadKey(words % {"most": LONGEST})
    quoted, bare = found.groups()
    return bare or re.sub(r"\\(.)", r"\1", quoted)


def fingerprint_of(request: Request, *, body: bytes) -> str:
    """What tells one request from another: its method, its address and the bytes of its body.

    With the name of the host: a site may keep its tenants apart by nothing else.
    """
    address = f"{request.method} {request.get_host()}{request.path}\n"
    digest = sha256(address.encode(errors="backslashreplace"))
    digest.update(body)
    return digest.hexdigest()


def claimed(request: Request, *, key: str, body: bytes) -> IdempotencyKey:
    """The key's row: made by this request, taken over from one that died, or that of what is done."""
    using, caller = write_alias(), callers.identity(request)
    fingerprint = fingerprint_of(request, body=body)
    now = clock.now(using)
    row = IdempotencyKey(caller=caller, key=key, fingerprint=fingerprint, locked_until=now + LEASE)
    if retried(bind(insert, row, using=using)):
        return row
    existing = IdempotencyKey.objects.using(using).filter(caller=caller, key=key).first()
    if existing is not None and is_over(existing, now=now):
        existing.delete(using=using)
        if retried(bind(insert, row, using=using)):
            return row
        existing = None
    if existing is None:  # deleted since, or made anew
        raise in_progress()
    if existing.fingerprint != fingerprint:
        words = _("This Idempotency-Key came with another request before. Use a new one.")
        raise ReusedKey(words)
    if existing.http_status is None and not take_over(existing, now=now, using=using):
        raise in_progress()
    return existing


def insert(row: IdempotencyKey, *, using: str) -> bool:
    """Commit a new row; False if there is one."""
    try:
        with transaction.atomic(using=using):
            row.save(using=using, force_insert=True)
    except IntegrityError:
        return False
    return True


def is_over(row: IdempotencyKey, *, now: datetime) -> bool:
    """Whether the key is no longer kept, though nobody has deleted it yet."""
    return row.created_at < timezone.now() - KEYS_KEPT and row.locked_until < now


def take_over(row: IdempotencyKey, *, now: datetime, using: str) -> bool:
    """Take up the work of a request that is over without an answer that is kept, once."""
    free = IdempotencyKey.objects.using(using).filter(
        pk=row.pk, http_status=None, locked_until__lte=now
    )
    row.locked_until = now + LEASE
    return bool(retried(bind(free.update, locked_until=row.locked_until)))


def in_progress() -> NotNow:
    """What is raised while an earlier request with the key is at work."""
    words = _("A request with this Idempotency-Key is being carried out; try again.")
    return NotNow(words, code="request_in_progress", wait=SHORT_WHILE)


def change(row: IdempotencyKey, **columns: Any) -> None:
    """Write these columns. Raises NotNow if another request has taken the key over meanwhile."""
    if not ours(row).update(**columns):
        raise in_progress()


def about(row: IdempotencyKey) -> Resource | None:
    """What was recorded for the key; None if nothing is known to be."""
    return row.batch or row.cancellation


def columns_of(resource: Resource) -> dict[str, Any]:
    """The columns of a key that tell what it is about."""
    return {"batch" if isinstance(resource, CancellationBatch) else "cancellation": resource}


def finish(row: IdempotencyKey, *, http_status: int, resource: Resource) -> None:
    """Keep the status of what was done, and what it is about."""
    retried(bind(ours(row).update, http_status=http_status, **columns_of(resource)))


def release(row: IdempotencyKey) -> None:
    """Let the next request with the key begin at once."""
    using = write_alias()
    retried(bind(ours(row).update, locked_until=clock.now(using)))


def ours(row: IdempotencyKey) -> Any:
    """The row, as long as nobody else has taken it over."""
    return IdempotencyKey.objects.using(write_alias()).filter(
        pk=row.pk, http_status=None, locked_until=row.locked_until
    )


def replayed(row: IdempotencyKey, work: Work) -> Response:
    """The status of then with what it was about as it is now. Raises NotFound if it is out of scope."""
    resource = about(row)
    if resource is None:
        raise NotFound
    response = work.answer(work.find(resource))
    response.status_code = row.http_status or response.status_code
    if response.status_code in {HTTP_201_CREATED, HTTP_202_ACCEPTED}:
        response.setdefault("Location", response.data["url"])
    response[REPLAYED] = "true"
    return response


def write_alias() -> str:
    """The database in which keys are kept: beside what they are about."""
    return router.db_for_write(IdempotencyKey)
