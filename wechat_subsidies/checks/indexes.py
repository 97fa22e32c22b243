"""Whether the database finds an order by its transaction without reading all of them."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.core.checks import CheckMessage
from django.db import models

from ..orders.paths import Path, field_of, last_field
from .messages import warning


def index_warnings(
    path: str, model: type[models.Model], mapping: Mapping[str, Any], annotations: Mapping[str, Any]
) -> Iterator[CheckMessage]:
    """A transaction's ID in a column without an index; what an annotation comes to is the shop's."""
    transaction = Path.parse(mapping["transaction_id"])
    field = last_field(model, transaction, annotations)
    if field is None or transaction.parts[0] in annotations:
        return
    owner = field.model._meta
    beside = field_of(field.model, Path.parse(mapping["sub_mchid"]).parts[0])
    known = {field.name} | ({beside.name} if beside is not None else set())
    if owner.managed and not any(
        begins_with(columns, field.name, known) for columns in indexed(field.model)
    ):
        words = f"is {mapping['transaction_id']!r}, and {owner.label}.{field.name} has no index."
        hint = (
            "Give the field db_index=True, or the model an index or a constraint that begins with it: "
            "each look-up of a transaction reads every order otherwise."
        )
        yield warning(f"{path}['transaction_id']", words, hint=hint, number=218)


def begins_with(columns: list[str], name: str, known: set[str]) -> bool:
    """Whether an index of these columns serves who looks for `name`, having the values of `known`."""
    return name in columns and set(columns[: columns.index(name)]) <= known


def indexed(model: type[models.Model]) -> Iterator[list[str]]:
    """The columns of each index of a model, in their order; none of those for some rows only."""
    options = model._meta
    for field in options.local_fields:
        if field.unique or field.db_index:  # type: ignore[attr-defined]  # the stubs lack it
            yield [field.name]
    yield [field.name for field in options.pk_fields]
    yield from map(list, options.unique_together)
    for index in options.indexes:
        if index.condition is None:
            yield [name for name, order in index.fields_orders]
    for constraint in options.constraints:
        if isinstance(constraint, models.UniqueConstraint) and constraint.condition is None:
            yield list(constraint.fields)
