"""What is where."""

from typing import Any

LEDGER = {
    "wechat_subsidies",
    "auth",
    "contenttypes",
    "admin",
}  # users too: who asked is a foreign key


class Apart:
    """Some apps in a second database, all else in the default one; neither has the other's tables."""

    second: str
    apps: set[str]

    def where(self, app_label: str) -> str:
        return self.second if app_label in self.apps else "default"

    def db_for_read(self, model: Any, **hints: Any) -> str:
        return self.where(model._meta.app_label)

    db_for_write = db_for_read

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        return self.where(app_label) == db


class LedgerApart(Apart):
    """Cancellations and users in a database of their own, the deliveries in the default one."""

    second, apps = "ledger", LEDGER


class DeliveriesApart(Apart):
    """The deliveries in a database of their own, all else in the default one."""

    second, apps = "deliveries", {"warehouse"}


class Replica:
    """All but sessions is read from a replica, and what belongs to a row where the row is.

    It has no cancellations: reading them there fails.
    """

    def db_for_read(self, model: Any, **hints: Any) -> str:
        if "instance" in hints:
            return hints["instance"]._state.db or "default"
        return "default" if model._meta.app_label == "sessions" else "replica"

    def db_for_write(self, model: Any, **hints: Any) -> str:
        return "default"

    def allow_relation(self, one: Any, other: Any, **hints: Any) -> bool:
        return True

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        return db == "default" or app_label != "wechat_subsidies"
