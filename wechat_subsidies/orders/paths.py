"""Paths from an order to one of its values, as written in the `ORDERS` setting."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import FieldDoesNotExist, FieldError, ObjectDoesNotExist
from django.db import models


@dataclass(frozen=True, slots=True)
class Path:
    """A path such as `seller.wechat_mchid` or `seller__wechat_mchid`: relations first, then a value.

    The last part may be a field, an annotation, a property or a method without arguments.
    """

    parts: tuple[str, ...]

    @classmethod
    def parse(cls, text: str) -> "Path":
        """The path written as `text`."""
        return cls(tuple(text.replace("__", ".").split(".")))

    def __str__(self) -> str:
        return ".".join(self.parts)

    @property
    def lookup(self) -> str:
        """The path as the ORM writes it."""
        return "__".join(self.parts)

    def value(self, order: models.Model) -> Any:
        """The value for one order; None where a relation on the way is empty."""
        value: Any = order
        for part in self.parts:
            if value is None:
                return None
            value = followed(value, part)
            if callable(value) and not isinstance(value, models.Manager):
                value = value()
        return value

    def relations(self, model: type[models.Model]) -> str | None:
        """The to-one relations that the path begins with, for `select_related`; None if there are none."""
        followed: list[str] = []
        for part in self.parts:
            field = field_of(model, part)
            if field is None or not (field.many_to_one or field.one_to_one):
                break
            if field.related_model is None:  # generic: which model it leads to, each row says
                break
            followed.append(part)
            model = field.related_model
        return "__".join(followed) or None

    def to_many(self, model: type[models.Model]) -> str | None:
        """The first to-many relation on the path, over which it would have no single value; None if none."""
        for part in self.parts:
            field = field_of(model, part)
            if field is None:
                return None
            if field.one_to_many or field.many_to_many:
                return part
            if field.related_model is None:
                return None
            model = field.related_model
        return None


def followed(owner: Any, name: str) -> Any:
    """The attribute of that name; None for a relation that leads to no row.

    What a property of the shop's own fails to find is its mistake, and not "no value".
    """
    try:
        return getattr(owner, name)
    except ObjectDoesNotExist:
        if not isinstance(owner, models.Model) or field_of(type(owner), name) is None:
            raise
        return None


def field_of(model: type[models.Model], name: str) -> Any | None:
    """The model's field or relation of that name; None where it is something else, or nothing.

    `seller_id` is something else: the column of the relation `seller`, and not to be followed.
    """
    try:
        field = model._meta.get_field(name)
    except FieldDoesNotExist:
        return None
    return field if field.name == name else None


def last_field(model: type[models.Model], path: Path, annotations: Mapping[str, Any]) -> Any | None:
    """The field that a path ends in, or an annotation's; None for what else it may be."""
    if path.parts[0] in annotations:
        return output_field(annotations[path.parts[0]])
    field = None
    for part in path.parts:
        field = field_of(model, part)
        if field is None or field.related_model is None:
            return field
        model = field.related_model
    return field


def output_field(annotation: Any) -> Any | None:
    """What an annotation gives; None where Django cannot tell."""
    try:
        return annotation.output_field
    except (AttributeError, FieldError):
        return None
