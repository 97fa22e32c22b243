"""A replica to read from, which may be behind."""

from tests.databases import database

from .settings import *  # noqa: F403

DATABASES = {
    "default": database("_warehouse"),
    "replica": database("_warehouse_replica"),
}
DATABASE_ROUTERS = ["tests.hosts.projects.warehouse.routers.Replica"]
