"""An order's key in SQL, in the letters in which cancellations keep it: those of `str(order.pk)`."""

from typing import Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Func, OuterRef
from django.db.models.functions import Cast
from django.db.models.sql.compiler import SQLCompiler

from .keys import concrete

GROUPS = ((1, 8), (9, 4), (13, 4), (17, 4), (21, 12))  # of the hex digits of a UUID


class DashedUUID(Func):
    """A UUID with its dashes, also where a database without such a type keeps 32 hex digits."""

    function = "CAST"
    template = "%(function)s(%(expressions)s AS %(type)s)"
    arity = 1
    output_field = models.CharField()

    def as_sql(  # type: ignore[override]  # the rest of what Func takes is in `context`
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any
    ) -> tuple[str, Any]:
        """What each database understands; which type the column has, its field tells."""
        key = self.source_expressions[0]
        if key.output_field.db_type(connection) == "uuid":
            text = connection.ops.cast_char_field_without_max_length
            return super().as_sql(compiler, connection, type=text, **context)
        sql, params = compiler.compile(key)
        groups = [f"SUBSTR({sql}, {start}, {length})" for start, length in GROUPS]
        if connection.vendor == "mysql":
            return f"CONCAT_WS('-', {', '.join(groups)})", [*params] * len(groups)
        return " || '-' || ".join(groups), [*params] * len(groups)


def stored_key(model: type[models.Model]) -> Any | None:
    """The key of the outer query's order as text; None for a kind of key whose text SQL cannot tell.

    Written on the side of the orders, so that the column of the cancellations stays as its index
    has it.
    """
    field = key_field(model)
    if hasattr(field, "from_db_value"):  # what Python shows is not what the database holds
        return None
    if isinstance(field, models.UUIDField):
        return DashedUUID(OuterRef("pk"))
    if isinstance(field, models.IntegerField):
        return Cast(OuterRef("pk"), models.CharField())
    return OuterRef("pk") if isinstance(field, models.CharField) else None


def key_field(model: type[models.Model]) -> Any:
    """The field that holds the key; of a model derived from another, the other's."""
    field: Any = concrete(model)._meta.pk
    while field.remote_field:
        field = field.target_field
    return field
