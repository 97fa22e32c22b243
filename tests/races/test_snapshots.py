"""Asking inside a transaction that began before somebody else recorded the order, and sees the past.

REPEATABLE READ is MariaDB's default, and PostgreSQL's where OPTIONS say so.
"""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection, connections, transaction

from example_project.shop.models import Seller
from wechat_subsidies import services
from wechat_subsidies.exceptions import ConcurrentRequest
from wechat_subsidies.models import SubsidyCancellation
from wechat_subsidies.sandbox import Sandbox

IDS = {"sub_mchid": "1900013401", "transaction_id": "T1"}
ISOLATION = {
    "postgresql": "SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL {}",
    "mysql": "SET SESSION TRANSACTION ISOLATION LEVEL {}",
}
LEVELS = ["REPEATABLE READ"]
if connection.vendor == "postgresql":
    LEVELS.append("SERIALIZABLE")  # MariaDB locks there what is read: nobody can be faster

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor not in ISOLATION, reason="SQLite has no such levels"),
]


@pytest.fixture(params=LEVELS)
def asked_in_the_past(request: pytest.FixtureRequest) -> Iterator[Callable[..., Any]]:
    """Ask in a transaction whose snapshot is older than what `meanwhile` does."""

    def ask(meanwhile: Callable[[], object]) -> Any:
        with connection.cursor() as cursor:
            cursor.execute(ISOLATION[connection.vendor].format(request.param))
        with transaction.atomic():
            assert not SubsidyCancellation.objects.exists()  # the snapshot is taken here
            in_another_thread(meanwhile)
            came = what_comes_of_asking()
            Seller.objects.exists()  # the caller's transaction goes on
            return came

    yield ask
    connection.close()


def what_comes_of_asking() -> Any:
    try:
        return services.cancel_subsidy(**IDS)
    except ConcurrentRequest as error:
        return error


def in_another_thread(act: Callable[[], object]) -> None:
    def run() -> None:
        try:
            act()
        finally:
            connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()


@pytest.mark.parametrize("send", ["now", "later"])
def test_a_snapshot_older_than_the_row_is_the_row_or_a_word_to_try_again(
    gateway: Sandbox, asked_in_the_past, send: str
) -> None:
    if send == "now":
        gateway.faults.add("system_error")
    came = asked_in_the_past(lambda: services.cancel_subsidy(**IDS, send=send))
    row = SubsidyCancellation.objects.get()
    assert came == row or isinstance(came, ConcurrentRequest)
    assert len(gateway.calls("T1")) <= 1


def test_asking_again_after_the_transaction_is_the_row(gateway: Sandbox, asked_in_the_past) -> None:
    asked_in_the_past(lambda: services.cancel_subsidy(**IDS))
    assert services.cancel_subsidy(**IDS) == SubsidyCancellation.objects.get()
    assert len(gateway.calls("T1")) == 1
