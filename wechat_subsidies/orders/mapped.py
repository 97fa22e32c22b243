"""The adapter made of a mapping in the `ORDERS` setting: one row of the model is one transaction."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from django.db import models
from django.http import HttpRequest

from ..conf import loaded
from .adapter import OrderAdapter, Target
from .paths import Path

REQUIRED = ("transaction_id", "sub_mchid", "has_refund")
TEXTS = ("refund_id", "reference", "blocked_because", "description", "merchant")
AMOUNTS = ("paid_amount", "refunded_amount", "subsidy_amount")
PATHS = (*REQUIRED, *TEXTS, *AMOUNTS, "scope")
KEYS = (*PATHS, "queryset")


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

    def targets(self, order: Any) -> Sequence[Target]:
        """The order's one transaction."""
        texts = {name: self.text(order, name) for name in ("sub_mchid", "transaction_id", *TEXTS)}
        texts["merchant"] = texts["merchant"] or "default"
        texts["reference"] = texts["reference"] or str(order)
        amounts = {name: self.amount(order, name) for name in AMOUNTS}
        has_refund = bool(self.paths["has_refund"].value(order))
        return [Target(has_refund=has_refund, **texts, **amounts)]  # type: ignore[arg-type]

    def find(
        self, *, sub_mchid: str, transaction_id: str, request: HttpRequest | None = None
    ) -> Any | None:
        """The order with this transaction. Databases that compare without case are not believed."""
        wanted = {
            self.paths["sub_mchid"].lookup: sub_mchid,
            self.paths["transaction_id"].lookup: transaction_id,
        }
        for order in self.get_queryset(request).filter(**wanted)[:2]:
            found = self.text(order, "sub_mchid"), self.text(order, "transaction_id")
            if found == (sub_mchid, transaction_id):
                return order
        return None

    def scope(self, order: Any) -> str:
        """The value of the mapping's `scope` as text."""
        return self.text(order, "scope")

    def text(self, order: Any, name: str) -> str:
        """The value at a path as text; empty where there is no path or no value."""
        path = self.paths.get(name)
        value = path.value(order) if path else None
        return "" if value is None else str(value)

    def amount(self, order: Any, name: str) -> int | None:
        """The amount at a path, in fen; None where there is no path or no value."""
        path = self.paths.get(name)
        value = path.value(order) if path else None
        return None if value is None else int(value)
