"""How asking fits into the transactions of those who ask."""

from collections.abc import Callable

from django.db import connections, router, transaction
from django.db.models import F
from django.db.transaction import TransactionManagementError
from django.utils.translation import gettext as _

from ..exceptions import ForeignTransaction
from ..models import SubsidyCancellation


def write_alias() -> str:
    """The database in which everything of ours is written, and read where a decision rests on it."""
    return router.db_for_write(SubsidyCancellation)


def refuse_foreign_transaction(using: str) -> None:
    """Refuse to ask inside a transaction that sending could not wait for.

    That is one of another database alone: ours would commit and send at once, and the other might
    still be rolled back. Raises ForeignTransaction. (Where both are open, ours is waited for.) And
    it is one begun by switching autocommit off, of whose commit nobody is told. Raises
    TransactionManagementError.
    """
    connection = connections[using]
    if connection.in_atomic_block:
        return
    if not connection.get_autocommit():
        raise TransactionManagementError(
            _(
                "Autocommit is off on the database “%(ours)s”, so nobody knows when what is asked for is "
                "committed. Use transaction.atomic()."
            )
            % {"ours": using}
        )
    for connection in connections.all(initialized_only=True):
        if connection.in_atomic_block:
            raise ForeignTransaction(
                _(
                    "A transaction is open on the database “%(other)s”, and cancellations are kept in "
                    "“%(ours)s”: what is asked for now would be sent even if that transaction is rolled "
                    "back. Ask after it, or in transaction.on_commit(…, using=“%(other)s”)."
                )
                % {"other": connection.alias, "ours": using}
            )


def hold(cancellation: SubsidyCancellation, *, using: str) -> None:
    """Have the row until the end of a transaction, by a write that changes nothing, as its first statement.

    What is decided then rests on the row as it is. On SQLite a transaction that reads first cannot
    wait for those who write.
    """
    row = SubsidyCancellation.objects.using(using).filter(pk=cancellation.pk)
    row.update(status=F("status"))


def after_commit(action: Callable[[], None], *, using: str) -> None:
    """Do it once the caller's transaction is committed, or now if there is none.

    An error in it is logged and not raised: what was asked for is recorded and will be sent.
    """

    def act() -> None:  # a function: Django cannot log the error of a functools.partial
        action()

    transaction.on_commit(act, using=using, robust=True)
