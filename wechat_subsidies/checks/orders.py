"""How the shop's orders plug in: do the models, paths and adapters exist?"""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from django.apps import apps
from django.core.checks import Error, register
from django.db import models
from django.utils.module_loading import import_string

from ..conf import app_settings, loaded
from ..orders import OrderAdapter
from ..orders.mapped import KEYS, PATHS, REQUIRED
from ..orders.paths import Path, field_of
from .messages import error, unknown_keys

QUERIED = ("transaction_id", "sub_mchid")


@register("wechat_subsidies")
def check_orders(**kwargs: object) -> list[Error]:
    """Check WECHAT_SUBSIDIES['ORDERS'] against the shop's models."""
    if not isinstance(app_settings.raw, Mapping):
        return []  # named by check_values
    orders = app_settings.orders
    if isinstance(orders, str):
        return list(adapter_errors("['ORDERS']", orders))
    if not isinstance(orders, Mapping):
        hint = (
            "Give a dictionary by model label, such as {'shop.Order': {…}}, or an adapter's path."
        )
        return [error("['ORDERS']", f"is {orders!r}.", hint=hint, number=201)]
    return [
        problem
        for label, how in orders.items()
        for problem in entry_errors(f"['ORDERS']['{label}']", label, how)
    ]


def entry_errors(path: str, label: str, how: Any) -> Iterator[Error]:
    """What is wrong with the entry of one model."""
    try:
        model = apps.get_model(label)
    except (LookupError, ValueError, AttributeError):
        labels = [model._meta.label for model in apps.get_models()]
        near = get_close_matches(str(label), labels, n=1)
        hint = f"Did you mean '{near[0]}'?" if near else "Write it as 'app_label.Model'."
        yield error(path, "names a model that does not exist.", hint=hint, number=201)
        return
    if isinstance(how, str):
        yield from adapter_errors(path, how)
    elif isinstance(how, Mapping):
        yield from mapping_errors(path, model, how)
    else:
        hint = "Give a dictionary of paths, or the dotted path of an OrderAdapter."
        yield error(path, f"is {how!r}.", hint=hint, number=202)


def adapter_errors(path: str, dotted: str) -> Iterator[Error]:
    """What is wrong with the dotted path of an adapter."""
    try:
        adapter = import_string(dotted)
    except ImportError as problem:
        hint = "Put the dotted path of a subclass of wechat_subsidies.orders.OrderAdapter."
        yield error(path, f"cannot be imported: {problem}.", hint=hint, number=202)
        return
    if not (isinstance(adapter, type) and issubclass(adapter, OrderAdapter)):
        hint = "Derive it from wechat_subsidies.orders.OrderAdapter."
        yield error(path, f"is {dotted}, which is no OrderAdapter.", hint=hint, number=202)
    elif not hasattr(adapter, "model"):
        yield error(path, "has no model.", hint="Set `model` in the adapter's class.", number=202)


def mapping_errors(
    path: str, model: type[models.Model], mapping: Mapping[str, Any]
) -> Iterator[Error]:
    """What is wrong with a mapping of paths."""
    yield from unknown_keys(path, mapping, KEYS)
    for key in REQUIRED:
        if not mapping.get(key):
            hint = f"Put the path from {model._meta.label} to it."
            yield error(f"{path}['{key}']", "is missing.", hint=hint, number=203)
    try:
        annotations = annotations_of(mapping)
    except Exception as problem:  # noqa: BLE001  (whatever the shop's function may raise)
        hint = "Put the dotted path of a function (request or None) that returns a QuerySet."
        yield error(f"{path}['queryset']", f"failed: {problem!r}.", hint=hint, number=206)
        return
    for key in PATHS:
        if mapping.get(key):
            yield from path_errors(f"{path}['{key}']", model, mapping[key], annotations)
    for key in QUERIED:
        if mapping.get(key) and not is_queryable(model, Path.parse(mapping[key]), annotations):
            hint = (
                "Name a field of the model or an annotation, or write an OrderAdapter with `find`."
            )
            found = f"is {mapping[key]!r}, which the database cannot look up."
            yield error(f"{path}['{key}']", found, hint=hint, number=207)


def annotations_of(mapping: Mapping[str, Any]) -> set[str]:
    """The names that the host's queryset adds to its orders."""
    if not mapping.get("queryset"):
        return set()
    queryset: models.QuerySet[Any] = loaded(mapping["queryset"])(None)
    return set(queryset.query.annotations)


def path_errors(
    path: str, model: type[models.Model], text: Any, annotations: set[str]
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
    elif missing := missing_part(model, parsed, annotations):
        owner, name = missing
        known = [field.name for field in owner._meta.get_fields()] + sorted(annotations)
        near = get_close_matches(name, known, n=1)
        hint = f"Did you mean '{near[0]}'?" if near else f"Known are: {', '.join(known)}."
        problem = f"is {text!r}; {owner._meta.label} has no “{name}”."
        yield error(path, problem, hint=hint, number=204)


def missing_part(
    model: type[models.Model], path: Path, annotations: set[str]
) -> tuple[type[models.Model], str] | None:
    """The model and the name at which a path ends in nothing; None if it can be followed."""
    if path.parts[0] in annotations:
        return None
    for part in path.parts:
        field = field_of(model, part)
        if field is None:
            return None if hasattr(model, part) else (model, part)
        if not field.is_relation:
            return None
        model = field.related_model
    return None


def is_column(model: type[models.Model], name: str) -> bool:
    """Whether it is the column of a relation, such as `seller_id`."""
    return name in {field.attname for field in model._meta.concrete_fields}


def is_queryable(model: type[models.Model], path: Path, annotations: set[str]) -> bool:
    """Whether the database can look the path up: it is an annotation, or made of fields alone."""
    if path.parts[0] in annotations:
        return True
    for part in path.parts:
        field = field_of(model, part)
        if field is None:
            return is_column(model, part) or not hasattr(model, part)  # named by path_errors
        model = field.related_model if field.is_relation else model
    return True
