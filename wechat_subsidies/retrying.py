"""Transactions: those that lost against another one are tried again; those that do not stand are refused."""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Final, TypeVar

from django.db import (
    InterfaceError,
    InternalError,
    OperationalError,
    connections,
    router,
    transaction,
)

from .models import SubsidyCancellation

TRIES: Final = 5
FIRST_WAIT: Final = 0.05  # seconds, at the most; doubled with every further try
LONGEST_WAIT: Final = 1.0

# A deadlock, a serialisation failure, a lock, a connection that broke, a server that only reads for
# the moment (PostgreSQL's word for that is an internal error): another time it may work.
PASSING: Final = (OperationalError, InterfaceError, InternalError)

Result = TypeVar("Result")


def retried(work: Callable[[], Result], *, tries: int = TRIES) -> Result:
    """What `work`, a transaction, returns; on a deadlock, a serialisation failure or a lock, tried again.

    Up to `tries` times, each after a wait of chance that grows, and on a new connection if the old
    one is broken; then the database's error is raised.
    """
    for number in range(tries - 1):
        try:
            return work()
        except PASSING:
            longest = min(LONGEST_WAIT, FIRST_WAIT * 2.0**number)
            time.sleep(random.uniform(0, longest))  # noqa: S311  (no secret)
            drop_broken_connection(router.db_for_write(SubsidyCancellation))
    return work()


def is_connected(using: str) -> bool:
    """Whether the connection works: an error on it was not for want of one."""
    connection = connections[using]
    return connection.connection is not None and connection.is_usable()


def drop_broken_connection(using: str) -> None:
    """Have the next statement connect anew, if this connection is broken and in no transaction."""
    if not connections[using].in_atomic_block and not is_connected(using):
        connections[using].close()


@contextmanager
def durable(using: str) -> Iterator[None]:
    """A transaction that is committed once its block is left. Raises RuntimeError where none can be.

    Inside another transaction, or with autocommit off, nobody could know whether what was written
    in it will stand.
    """
    connection = connections[using]
    if not connection.in_atomic_block and not connection.get_autocommit():
        message = (
            f"Autocommit is off on the database “{using}”: what is sent could be rolled back and "
            "forgotten. Turn it on (AUTOCOMMIT in DATABASES, or transaction.set_autocommit(True)) "
            "before anything is sent."
        )
        raise RuntimeError(message)
    with ExitStack() as stack:
        try:
            stack.enter_context(transaction.atomic(using=using, durable=True))
        except RuntimeError as error:
            message = (
                f"A transaction is open on the database “{using}”: what is sent could be rolled back and "
                "forgotten. Send after it: ask for cancellations inside it, which are sent after its "
                "commit, and call process_due() outside of atomic(), in a view under "
                "transaction.non_atomic_requests or in transaction.on_commit()."
            )
            raise RuntimeError(message) from error
        yield
