"""Cancellations in a database of their own, and a transaction around each view on both."""

from tests.databases import database

from .settings import *  # noqa: F403

DATABASES = {
    name: database(f"_warehouse_{name}") | {"ATOMIC_REQUESTS": True}
    for name in ("default", "ledger")
}
DATABASE_ROUTERS = ["tests.hosts.projects.warehouse.routers.LedgerApart"]
