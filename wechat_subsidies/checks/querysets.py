"""Whether orders can be loaded by a queryset of the shop's."""

from typing import Any, Final

from django.core.exceptions import EmptyResultSet
from django.db import InterfaceError, OperationalError, models
from django.db.models.options import Options

from ..orders.keys import shares_key

# By its key an order is alone in its window, and the first of it whatever it is among all.
WINDOW: Final = (
    "returned orders that are filtered by a window function, which is computed anew, and comes to "
    "something else, for an order that is looked up by its key. Annotate it by a Subquery instead."
)


def queryset_problem(queryset: Any, *, model: type[models.Model]) -> str:
    """What is wrong with a queryset for orders of that model, empty if nothing is; no query is made.

    It is put together as it will be when an order is looked up by its key: that fails for one that is
    sliced, or whose `only()` leaves out a relation that a path follows.
    """
    if not isinstance(queryset, models.QuerySet):
        return f"returned {type(queryset).__name__}, not a QuerySet."
    if not is_table(queryset.model):
        return "returned a QuerySet without a model."
    if not shares_key(queryset.model, model):
        return f"returned orders of {queryset.model._meta.label}, not of {model._meta.label}."
    if queryset.query.where.contains_over_clause:
        return WINDOW
    try:
        str(queryset.filter(pk__isnull=False).query)
    except (EmptyResultSet, OperationalError, InterfaceError):
        return ""  # no orders for nobody, or a database that is down: no mistakes in the settings
    except Exception as problem:  # noqa: BLE001  (whatever putting it together may raise)
        return f"returned what no order can be loaded from: {problem}"
    return ""


def is_table(model: Any) -> bool:
    """Whether it is a model with a table of its own, or a proxy of one."""
    options = getattr(model, "_meta", None)
    return isinstance(model, type) and isinstance(options, Options) and not options.abstract
