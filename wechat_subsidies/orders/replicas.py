"""Shops that read their orders from a replica, which may be behind."""

from typing import Any

from django.db import models, router


def as_written(orders: "models.QuerySet[Any]") -> "models.QuerySet[Any]":
    """The same orders, read where the shop writes them: what is decided of them cannot be undone.

    Profit may have been shared of an order since the replica heard of its refund. A QuerySet that
    names its database with `using()` stays with it. Where relations are read from is up to the shop's
    router, which is told the order; check W219 names one that does not look at it.
    """
    is_pinned = orders._db is not None  # type: ignore[attr-defined]  # `db` does not tell
    return orders if is_pinned else orders.using(router.db_for_write(orders.model))
