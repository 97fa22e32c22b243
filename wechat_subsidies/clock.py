"""The database's clock, by which is decided what is due.

Hosts' clocks differ, and `Now()` of the ORM is read at the start of a transaction and, on MariaDB,
eight hours off in Asia/Shanghai. So the moment is asked for by a statement of its own, as an integer.
"""

import time
from datetime import datetime

from django.core.exceptions import ImproperlyConfigured
from django.db import connections

from .models.fields import from_microseconds

STATEMENTS = {
    "postgresql": "SELECT (EXTRACT(EPOCH FROM clock_timestamp()) * 1000000)::bigint",
    "mysql": "SELECT TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(6))",
}


def now(using: str) -> datetime:
    """The present moment by the clock of the database `using`, in UTC.

    SQLite has no clock apart from that of the one machine it runs on.
    Raises ImproperlyConfigured on databases that this package does not support.
    """
    connection = connections[using]
    if connection.vendor == "sqlite":
        return from_microseconds(time.time_ns() // 1000)
    if connection.vendor not in STATEMENTS:
        message = (
            f"wechat_subsidies supports PostgreSQL, MariaDB/MySQL and SQLite; the database "
            f"“{using}” is {connection.vendor}."
        )
        raise ImproperlyConfigured(message)
    with connection.cursor() as cursor:
        cursor.execute(STATEMENTS[connection.vendor])
        (microseconds,) = cursor.fetchone()
    return from_microseconds(int(microseconds))
