"""The database's clock, by which is decided what is due.

Hosts' clocks differ, and `Now()` of the ORM is read at the start of a transaction and, on MariaDB,
eight hours off in Asia/Shanghai. So the moment is asked for in SQL of our own, as an integer.
"""

import time
from datetime import datetime
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Expression, QuerySet

from .models.fields import InstantField, from_microseconds

MICROSECONDS = {
    "postgresql": "(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000)::bigint",
    "mysql": "TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(6))",
}


def now(using: str) -> datetime:
    """The present moment by the clock of the database `using`, in UTC.

    SQLite has no clock apart from that of the one machine it runs on.
    Raises ImproperlyConfigured on databases that this package does not support.
    """
    connection = connections[using]
    if connection.vendor == "sqlite":
        return from_microseconds(time.time_ns() // 1000)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {microseconds(connection)}")
        (found,) = cursor.fetchone()
    return from_microseconds(int(found))


def now_and_whether(rows: QuerySet[Any]) -> tuple[datetime, bool]:
    """The present moment, and whether there are such rows, by one statement."""
    connection = connections[rows.db]
    sql, parameters = rows.order_by().values("pk")[:1].query.get_compiler(rows.db).as_sql()
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {microseconds(connection)}, EXISTS ({sql})", parameters)
        found, is_there = cursor.fetchone()
    return from_microseconds(int(found)), bool(is_there)


class Reading(Expression):
    """The clock, read by a statement that reads something else as well: the moment at which it runs."""

    def __init__(self) -> None:
        super().__init__(output_field=InstantField())

    def as_sql(
        self, compiler: Any, connection: BaseDatabaseWrapper
    ) -> tuple[str, tuple[str | int, ...]]:
        """The SQL of it."""
        return microseconds(connection), ()


def microseconds(connection: BaseDatabaseWrapper) -> str:
    """The clock in the SQL of this database. Raises ImproperlyConfigured where there is none."""
    if connection.vendor == "sqlite":
        return str(time.time_ns() // 1000)
    if connection.vendor not in MICROSECONDS:
        message = (
            f"wechat_subsidies supports PostgreSQL, MariaDB/MySQL and SQLite; the database "
            f"“{connection.alias}” is {connection.vendor}."
        )
        raise ImproperlyConfigured(message)
    return MICROSECONDS[connection.vendor]
