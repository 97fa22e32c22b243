"""Which database orders are read from where it matters."""

from typing import Any

import pytest

from example_project.shop.models import Order
from wechat_subsidies.orders import as_written


class Replica:
    """What a shop reads comes from “other”, what it writes goes to “default”."""

    def db_for_read(self, model: Any, **hints: Any) -> str:
        return "other"

    def db_for_write(self, model: Any, **hints: Any) -> str:
        return "default"


@pytest.fixture(autouse=True)
def replica(settings: Any) -> None:
    settings.DATABASE_ROUTERS = [Replica()]


def test_orders_are_read_where_they_are_written() -> None:
    assert Order.objects.all().db == "other"
    assert as_written(Order.objects.all()).db == "default"


def test_a_queryset_that_names_its_database_stays_with_it() -> None:
    assert as_written(Order.objects.using("other")).db == "other"
