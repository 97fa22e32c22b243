"""Tables of MariaDB with three bytes a character at the most, as older shops have them."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

from wechat_subsidies.models import CancellationAttempt, SubsidyCancellation

TABLES = [model._meta.db_table for model in (SubsidyCancellation, CancellationAttempt)]


@contextmanager
def three_byte_tables() -> Iterator[None]:
    """Make the tables of cancellations and of calls such ones for a while."""
    whole = {table: definition(table) for table in TABLES}
    for table in TABLES:
        execute(f"ALTER TABLE {table} CONVERT TO CHARACTER SET utf8mb3")
    try:
        yield
    finally:
        for table, text in whole.items():
            restore(table, text)


def restore(table: str, text: str) -> None:
    """Make the table what this definition says: the table's own character set, then its columns'."""
    collation = re.search(r"DEFAULT CHARSET=\w+ COLLATE=(\w+)", text)[1]
    execute(f"ALTER TABLE {table} CONVERT TO CHARACTER SET utf8mb4 COLLATE {collation}")
    columns = re.findall(r"^  (`\w+` .*CHARACTER SET.*?),?$", text, re.MULTILINE)
    execute(f"ALTER TABLE {table} " + ", ".join(f"MODIFY {column}" for column in columns))
    counter = r" AUTO_INCREMENT=\d+"
    assert re.sub(counter, "", definition(table)) == re.sub(counter, "", text)


def definition(table: str) -> str:
    return execute(f"SHOW CREATE TABLE {table}")[0][1]


def execute(statement: str) -> list[tuple[str, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return list(cursor.fetchall()) if cursor.description else []
