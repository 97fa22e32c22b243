"""Transactions that lost against another one are tried again."""

import random
import time
from collections.abc import Callable
from typing import TypeVar

from django.db import OperationalError

TRIES = 5
LONGEST_WAIT = 0.1  # seconds

Result = TypeVar("Result")


def retried(transaction: Callable[[], Result]) -> Result:
    """What `transaction` returns; on a deadlock, a serialisation failure or a lock, tried again.

    Up to five times with a wait of chance in between; then the database's error is raised.
    """
    for _ in range(TRIES - 1):
        try:
            return transaction()
        except OperationalError:
            time.sleep(random.uniform(0, LONGEST_WAIT))  # noqa: S311  (no secret)
    return transaction()
