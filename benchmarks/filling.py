"""Databases filled with a history, kept from one run to the next as long as it would be the same."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from django.contrib.auth.models import User
from django.core.management.color import no_style
from django.db import connection, transaction
from django.db.models import Model

from example_project.shop.models import Seller
from wechat_subsidies.models import CancellationAttempt, SubsidyCancellation

from . import copies, history
from .far_side import ROOT

NOTE: Final = "benchmarks_history"  # the table that says what a database is filled with
INDEXED: Final = (SubsidyCancellation, CancellationAttempt)


def prepare(count: int) -> bool:
    """Have the settings' database hold a history of so many cancellations.

    Returns whether it had to be filled.
    """
    name = connection.settings_dict["NAME"]
    creation = connection.creation
    creation.create_test_db(verbosity=0, autoclobber=True, serialize=False, keepdb=True)
    if noted() == stamp(count):
        return False
    creation.destroy_test_db(name, verbosity=0)
    creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    fill(count)
    analyse()
    note(stamp(count))
    return True


def stamp(count: int) -> str:
    """What tells a history from another one: its length, its tables, how it is made."""
    migrations = sorted(ROOT.glob("[we]*/**/migrations/0*.py"))
    made_of = [Path(history.__file__), Path(copies.__file__), *migrations]
    digest = hashlib.sha256(b"".join(file.read_bytes() for file in made_of))
    return f"{count} {digest.hexdigest()[:32]}"


def noted() -> str:
    """What the database is filled with; empty where nobody has finished filling it."""
    if NOTE not in connection.introspection.table_names():
        return ""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT stamp FROM {NOTE}")
        return str(cursor.fetchone()[0])


def note(text: str) -> None:
    """Write down what the database is filled with."""
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE {NOTE} (stamp varchar(64))")
        cursor.execute(f"INSERT INTO {NOTE} VALUES (%s)", [text])


def fill(count: int) -> None:
    """Write the history: its newest part row by row, the rest as copies of that."""
    with with_moments_of_its_own(), transaction.atomic():
        for rows in history.newest_part(count):
            type(rows[0]).objects.bulk_create(rows, batch_size=history.INSERTED)
    with without_indexes(), connection.constraint_checks_disabled(), connection.cursor() as cursor:
        for statement in copies.earlier_parts(count):
            cursor.execute(statement)
    with connection.cursor() as cursor:
        models: list[type[Model]] = [User, Seller, *copies.COPIES]
        for statement in connection.ops.sequence_reset_sql(no_style(), models):
            cursor.execute(statement)


@contextmanager
def without_indexes() -> Iterator[None]:
    """Have the indexes of cancellations and calls made at the end: that takes a third of the time."""
    indexes = [(model, index) for model in INDEXED for index in model._meta.indexes]
    with connection.schema_editor() as editor:
        for model, index in indexes:
            editor.remove_index(model, index)
    yield
    with connection.schema_editor() as editor:
        for model, index in indexes:
            editor.add_index(model, index)


@contextmanager
def with_moments_of_its_own() -> Iterator[None]:
    """Have cancellations keep the moments that they are given."""
    fields = {"created_at": "auto_now_add", "updated_at": "auto_now"}
    for name, attribute in fields.items():
        setattr(SubsidyCancellation._meta.get_field(name), attribute, False)
    yield
    for name, attribute in fields.items():
        setattr(SubsidyCancellation._meta.get_field(name), attribute, True)


def analyse() -> None:
    """Tell the planner what the tables hold."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("VACUUM ANALYZE")
            return
        tables = ", ".join(model._meta.db_table for model in copies.COPIES)
        cursor.execute(f"ANALYZE TABLE {tables}")
