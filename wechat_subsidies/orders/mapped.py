"""The adapter made of a mapping in the `ORDERS` setting: one row of the model is one transaction."""

from collections.abc import Collection, Mapping, Sequence
from functools import cached_property
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.sql.compiler import SQLCompiler
from django.http import HttpRequest

from ..conf import loaded
from .adapter import Identity, OrderAdapter
from .paths import Path, last_field
from .reading import name_of
from .replicas import as_written
from .targets import AMOUNTS, MOMENTS, TEXTS, Target

REQUIRED = ("transaction_id", "sub_mchid", "has_refund")
FACTS = (*AMOUNTS, *MOMENTS, "blocked_because")
PATHS = ("has_refund", *TEXTS, *FACTS, "scope")
SAME_BUT_FOR_CASE = 100  # as many as databases that compare without case may find, and more
KEYS = (*PATHS, "queryset")


class RowByRow(models.Func):
    """A condition that is true, looked at row by row: an annotation, or whether something exists.

    Asked for the latest orders with a refund, MariaDB would read all refunds first: it makes a
    table of whatever a bare EXISTS in a condition finds.
    """

    template = "%(expressions)s"
    arity = 1
    output_field = models.BooleanField()

    def as_mysql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any
    ) -> tuple[str, Any]:
        """What MariaDB and MySQL leave as it is."""
        return self.as_sql(compiler, connection, template="COALESCE(%(expressions)s, 0)", **context)


class MappedOrderAdapter(OrderAdapter):
    """Reads what is needed of an order along the paths of a mapping."""

    def __init__(self, model: type[models.Model], mapping: Mapping[str, Any]) -> None:
        self.model = model  # type: ignore[misc]  # of this one adapter; subclasses have it in the class
        self.mapping = mapping

    @cached_property
    def paths(self) -> dict[str, Path]:
        """The mapping's paths, parsed."""
        return {name: Path.parse(self.mapping[name]) for name in PATHS if self.mapping.get(name)}

    def get_queryset(self, request: HttpRequest | None = None) -> models.QuerySet[Any]:
        """The host's queryset, or all orders, with the relations that the paths follow."""
        if self.mapping.get("queryset"):
            queryset: models.QuerySet[Any] = loaded(self.mapping["queryset"])(request)
        else:
            queryset = super().get_queryset(request)
        relations = {path.relations(self.model) for path in self.paths.values()} - {None}
        return queryset.select_related(*sorted(filter(None, relations))) if relations else queryset

    def candidates(self) -> models.QuerySet[Any]:
        """The orders that `has_refund` may be true of, as far as the database can tell; else all."""
        return self.refunded(super().candidates())

    def refunded(self, orders: models.QuerySet[Any]) -> models.QuerySet[Any]:
        """Those that `has_refund` may be true of, as far as the database can tell; else all of them."""
        field, path = self.column("has_refund", orders), self.paths["has_refund"]
        if field is None:  # a property or a method
            return orders
        if path.parts[0] in orders.query.annotations and isinstance(field, models.BooleanField):
            return orders.filter(RowByRow(path.lookup))
        if isinstance(field, models.BooleanField):
            return orders.filter(**{path.lookup: True})
        return orders.filter(**{f"{path.lookup}__isnull": False})

    def column(self, name: str, orders: models.QuerySet[Any]) -> Any | None:
        """The field, or that of an annotation, in which the database has a value of the mapping.

        None for what it cannot tell: a property, a method, what is not mapped.
        """
        path = self.paths.get(name)
        return last_field(self.model, path, orders.query.annotations) if path else None

    def targets(self, order: Any) -> Sequence[Target]:
        """The order's one transaction. Raises ImpossibleTarget for what an order cannot have."""
        values: dict[str, Any] = {"reference": ""}
        for name, path in self.paths.items():
            if name in FACTS:
                values[name] = path.value(order)
            elif name in TEXTS:
                values[name] = self.text(order, name)
        values["reference"] = values["reference"] or name_of(order)
        return [Target(has_refund=bool(self.value(order, "has_refund")), **values).checked()]

    def find(
        self, *, sub_mchid: str, transaction_id: str, request: HttpRequest | None = None
    ) -> Any | None:
        """The order with this transaction. Databases that compare without case are not believed.

        What the columns cannot hold, such as letters where they are numbers, no order has.
        """
        wanted = {
            self.paths["sub_mchid"].lookup: sub_mchid,
            self.paths["transaction_id"].lookup: transaction_id,
        }
        orders = as_written(self.get_queryset(request))
        try:
            orders = orders.filter(**wanted)
        except (ValueError, ValidationError):
            return None
        for order in orders[:2]:
            found = self.text(order, "sub_mchid"), self.text(order, "transaction_id")
            if found == (sub_mchid, transaction_id):
                return order
        return None

    def find_several(
        self, wanted: Collection[Identity], *, request: HttpRequest | None = None
    ) -> dict[Identity, Any]:
        """The orders with these transactions, looked for in one query."""
        sub_mchids, transaction_ids = map(set, zip(*wanted, strict=True)) if wanted else ((), ())
        among = {
            f"{self.paths['sub_mchid'].lookup}__in": sub_mchids,
            f"{self.paths['transaction_id'].lookup}__in": transaction_ids,
        }
        try:
            orders = list(as_written(self.get_queryset(request)).filter(**among))
        except (ValueError, ValidationError):  # one that the columns cannot hold: each by itself
            return super().find_several(wanted, request=request)
        found: dict[Identity, Any] = {}
        for order in orders:
            identity = self.text(order, "sub_mchid"), self.text(order, "transaction_id")
            if identity in wanted:
                found.setdefault(identity, order)
        return found

    def find_by_reference(self, reference: str) -> Sequence[Any]:
        """The orders with that reference, letter for letter, where it is a column or an annotation."""
        orders, path = as_written(self.get_queryset()), self.paths.get("reference")
        if path is None or last_field(self.model, path, orders.query.annotations) is None:
            message = (
                f"The orders of {self.label} cannot be looked up by their reference. Have 'reference' in "
                "their mapping name a field or an annotation, or name transactions by sub_mchid and "
                "transaction_id."
            )
            raise NotImplementedError(message)
        try:
            found = orders.filter(**{path.lookup: reference})[:SAME_BUT_FOR_CASE]
        except (ValueError, ValidationError):  # what the column cannot hold, no order has
            return []
        return [order for order in found if self.text(order, "reference") == reference]

    def scope(self, order: Any) -> str:
        """The value of the mapping's `scope` as text."""
        return self.text(order, "scope")

    def text(self, order: Any, name: str) -> str:
        """The value at a path as text; empty where there is no path or no value."""
        value = self.value(order, name)
        return "" if value is None else str(value)

    def value(self, order: Any, name: str) -> Any:
        """The value at a path, as it is; None where there is no path or no value."""
        path = self.paths.get(name)
        return path.value(order) if path else None
