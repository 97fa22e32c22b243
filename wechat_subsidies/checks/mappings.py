"""The mappings of paths: can each be followed, looked up, and counted in fen?"""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from django.core.checks import CheckMessage, Error
from django.db import models

from ..conf import loaded
from ..orders.mapped import KEYS, PATHS, REQUIRED, MappedOrderAdapter
from ..orders.paths import Path, field_of, last_field
from ..orders.targets import AMOUNTS, MOMENTS
from .indexes import index_warnings
from .messages import error, unknown_keys, warning
from .near_misses import hint_of
from .querysets import queryset_problem

QUERIED = ("transaction_id", "sub_mchid")
Annotations = Mapping[str, Any]


def mapping_errors(
    path: str, model: type[models.Model], mapping: Mapping[str, Any]
) -> Iterator[CheckMessage]:
    """What is wrong with a mapping of paths."""
    yield from unknown_keys(path, mapping, KEYS)
    for key in REQUIRED:
        if not mapping.get(key):
            hint = f"Put the path from {model._meta.label} to it."
            yield error(f"{path}['{key}']", "is missing.", hint=hint, number=203)
    try:
        annotations = annotations_of(mapping)
    except Exception as problem:  # noqa: BLE001  (whatever the shop's function may raise)
        kind = "Put the dotted path of a function (request or None) that returns a QuerySet."
        hint = hint_of(mapping["queryset"], fits=callable, otherwise=kind)
        yield error(f"{path}['queryset']", f"failed: {problem!r}.", hint=hint, number=206)
        return
    problems = [
        problem
        for key in PATHS
        if mapping.get(key)
        for problem in path_errors(f"{path}['{key}']", model, mapping[key], annotations)
    ]
    yield from problems
    if not problems:
        yield from query_errors(path, model, mapping, annotations)
        yield from amount_errors(path, model, mapping, annotations)
        yield from moment_errors(path, model, mapping, annotations)
        if all(mapping.get(key) for key in QUERIED):
            yield from index_warnings(path, model, mapping, annotations)


def annotations_of(mapping: Mapping[str, Any]) -> Annotations:
    """What the host's queryset adds to its orders, by name."""
    if not mapping.get("queryset"):
        return {}
    queryset = loaded(mapping["queryset"])(None)
    return queryset.query.annotations if isinstance(queryset, models.QuerySet) else {}


def query_errors(
    path: str, model: type[models.Model], mapping: Mapping[str, Any], annotations: Annotations
) -> Iterator[Error]:
    """Orders that cannot be loaded, or not be looked up."""
    for key in QUERIED:
        if mapping.get(key) and not is_queryable(model, Path.parse(mapping[key]), annotations):
            hint = (
                "Name a field of the model or an annotation, or write an OrderAdapter with `find`."
            )
            found = f"is {mapping[key]!r}, which the database cannot look up."
            yield error(f"{path}['{key}']", found, hint=hint, number=207)
    hint = (
        f"Let it return a QuerySet of {model._meta.label}, not sliced, that loads the relations which "
        "the paths follow."
    )
    try:
        queryset = MappedOrderAdapter(model, mapping).get_queryset(None)
        problem = queryset_problem(queryset, model=model)
    except Exception as failure:  # noqa: BLE001  (whatever the shop's function may return)
        problem = f"returned what no order can be loaded from: {failure!r}"
    if problem:
        yield error(f"{path}['queryset']", problem, hint=hint, number=208)


def amount_errors(
    path: str, model: type[models.Model], mapping: Mapping[str, Any], annotations: Annotations
) -> Iterator[CheckMessage]:
    """Amounts that are not kept in whole fen, and orders that would all count as partly refunded."""
    for key in AMOUNTS:
        if not mapping.get(key):
            continue
        field = last_field(model, Path.parse(mapping[key]), annotations)
        if field is not None and not isinstance(field, models.IntegerField):
            found = (
                f"is {mapping[key]!r}, a {type(field).__name__}; an amount is an integer, in fen."
            )
            hint = "Name a property that returns the amount in fen as an int, or annotate it so."
            yield error(f"{path}['{key}']", found, hint=hint, number=209)
    if mapping.get("paid_amount") and not mapping.get("refunded_amount"):
        found = "is missing, so that every order counts as partly refunded."
        hint = "Put the path to what was refunded, in fen, or leave out 'paid_amount'."
        yield warning(f"{path}['refunded_amount']", found, hint=hint, number=212)


def moment_errors(
    path: str, model: type[models.Model], mapping: Mapping[str, Any], annotations: Annotations
) -> Iterator[Error]:
    """A moment of the payment or of the refund that is a date, say, or kept as text."""
    for key in MOMENTS:
        if not mapping.get(key):
            continue
        field = last_field(model, Path.parse(mapping[key]), annotations)
        if field is not None and not isinstance(field, models.DateTimeField):
            found = f"is {mapping[key]!r}, a {type(field).__name__}; a moment is a datetime."
            hint = "Name a DateTimeField, or a property that returns a datetime, or leave it out."
            yield error(f"{path}['{key}']", found, hint=hint, number=217)


def is_relation(field: Any | None) -> bool:
    """Whether a path that ends in this field ends in another row and not in a value."""
    return field is not None and bool(field.is_relation)


def path_errors(
    path: str, model: type[models.Model], text: Any, annotations: Annotations
) -> Iterator[Error]:
    """What is wrong with one path: not there, or leading to several values."""
    if not isinstance(text, str):
        hint = "Put the name of a field, property or method, with dots to follow relations."
        yield error(path, f"is {text!r}.", hint=hint, number=204)
        return
    parsed = Path.parse(text)
    to_many = parsed.to_many(model)
    if to_many:
        hint = "Annotate the one value that is meant in 'queryset', or write an OrderAdapter."
        yield error(path, f"is {text!r}; “{to_many}” may be several.", hint=hint, number=205)
    elif is_relation(last_field(model, parsed, annotations)):
        hint = f"Go on to the value that is meant, such as '{text}.name_of_a_field'."
        yield error(path, f"is {text!r}, which is a relation.", hint=hint, number=216)
    elif missing := missing_part(model, parsed, annotations):
        owner, name = missing
        known = [field.name for field in owner._meta.get_fields()] + sorted(annotations)
        near = get_close_matches(name, known, n=1)
        hint = f"Did you mean '{near[0]}'?" if near else f"Known are: {', '.join(known)}."
        problem = f"is {text!r}; {owner._meta.label} has no “{name}”."
        yield error(path, problem, hint=hint, number=204)


def missing_part(
    model: type[models.Model], path: Path, annotations: Annotations
) -> tuple[type[models.Model], str] | None:
    """The model and the name at which a path ends in nothing; None if it can be followed."""
    if path.parts[0] in annotations:
        return None
    for part in path.parts:
        field = field_of(model, part)
        if field is None:
            return None if hasattr(model, part) else (model, part)
        if field.related_model is None:
            return None
        model = field.related_model
    return None


def is_column(model: type[models.Model], name: str) -> bool:
    """Whether it is the column of a relation, such as `seller_id`."""
    return name in {field.attname for field in model._meta.concrete_fields}


def is_queryable(model: type[models.Model], path: Path, annotations: Annotations) -> bool:
    """Whether the database can look the path up: it is an annotation, or made of fields alone."""
    if path.parts[0] in annotations:
        return True
    for part in path.parts:
        field = field_of(model, part)
        if field is None:
            return is_column(model, part) or not hasattr(model, part)  # named by path_errors
        model = field.related_model or model
    return True
