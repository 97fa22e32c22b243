"""Recording many wishes at a time, where there is no batch: a group in one transaction."""

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial as bind

from django.db import DatabaseError, IntegrityError, transaction

from .. import clock
from ..exceptions import SubsidyError
from ..models import SubsidyCancellation
from ..orders import ReasonCode
from ..retrying import PASSING, retried
from .admin_log import log_asked
from .recording import insert, locked, record
from .wishes import Wish

logger = logging.getLogger("wechat_subsidies")


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """What became of a wish: the one row of its transaction, or why there is none."""

    wish: Wish
    cancellation: SubsidyCancellation | None = None
    code: str = ""
    message: str = ""

    @property
    def is_new(self) -> bool:
        """Whether this group recorded it."""
        return self.cancellation is not None and self.cancellation.newly_recorded


def record_group(wishes: Iterable[Wish], *, ask_again: bool, using: str) -> list[Recorded]:
    """Record a group of wishes in one transaction, in the order of their identity; none is sent.

    A transaction that has a cancellation keeps it as it is, unless it was withdrawn and `ask_again`
    is set. A wish that cannot be recorded does not hold up its neighbours.
    """
    ordered = sorted(wishes, key=lambda wish: tuple(wish.identity.values()))
    return retried(bind(record_in_one_transaction, ordered, ask_again=ask_again, using=using))


def record_in_one_transaction(
    wishes: Iterable[Wish], *, ask_again: bool, using: str
) -> list[Recorded]:
    """Record them, or none of them where the database fails."""
    with transaction.atomic(using=using):
        recorded = list(each_recorded(wishes, ask_again=ask_again, using=using))
        new = [each.cancellation for each in recorded if each.cancellation and each.is_new]
        log_asked(new, using=using)
    return recorded


def each_recorded(wishes: Iterable[Wish], *, ask_again: bool, using: str) -> Iterator[Recorded]:
    """Record one after the other, each within a savepoint."""
    for wish in wishes:
        try:
            with transaction.atomic(using=using):
                row = inserted_or_found(wish, ask_again=ask_again, using=using)
        except PASSING:  # a deadlock, say: the whole group is tried again
            raise
        except SubsidyError as error:
            yield Recorded(wish=wish, code=error.code, message=str(error))
        except (DatabaseError, ValueError, TypeError):
            logger.exception("The transaction %s cannot be recorded.", wish.request.transaction_id)
            reason = ReasonCode.ADAPTER_ERROR
            yield Recorded(wish=wish, code=reason, message=str(reason.label))
        else:
            yield Recorded(wish=wish, cancellation=row)


def inserted_or_found(wish: Wish, *, ask_again: bool, using: str) -> SubsidyCancellation:
    """A new row, or the one that is there.

    Nothing is read before the INSERT: SQLite cannot wait for the write lock of a transaction that
    has read already.
    """
    try:
        with transaction.atomic(using=using):
            return insert(wish, asked_at=clock.now(using), using=using)
    except IntegrityError as error:
        existing = locked(wish, error=error, using=using)
    return record(wish, using=using) if ask_again else existing
