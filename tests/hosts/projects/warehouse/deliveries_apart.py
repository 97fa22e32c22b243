"""Orders in a database of their own, and a transaction around each view on theirs alone."""

from tests.databases import database

from .settings import *  # noqa: F403

DATABASES = {
    "default": database("_warehouse"),
    "deliveries": database("_warehouse_deliveries") | {"ATOMIC_REQUESTS": True},
}
DATABASE_ROUTERS = ["tests.hosts.projects.warehouse.routers.DeliveriesApart"]
