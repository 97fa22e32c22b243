"""Fifty identical requests at the same moment."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any
from uuid import uuid4

import pytest
from django.db import connections
from rest_framework.test import APIClient

from wechat_subsidies.models import (
    CancellationBatch,
    CancellationEvent,
    IdempotencyKey,
    SubsidyCancellation,
)
from wechat_subsidies.services import cancel_subsidy_for_order, process_due

from .calls import CANCELLATIONS, codes, identifiers

BATCHES = "/api/subsidies/batches/"
MANY = 50
CONFLICTS = {"in_progress", "frozen"}  # frozen, once the first one has been sent

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def stampede(caller) -> Callable[..., list[Any]]:
    """Send the same request from as many threads at once; returns the answers."""

    def run(
        url: str, body: Any, *, each_with: Callable[[], dict[str, str]] = dict, **headers: str
    ) -> list[Any]:
        start = Barrier(MANY)

        def ask(number: int) -> Any:
            client = APIClient()
            client.force_authenticate(caller)
            own = each_with()
            start.wait()
            try:
                return client.post(url, body, format="json", **headers, **own)
            finally:
                connections.close_all()

        with ThreadPoolExecutor(MANY) as pool:
            return list(pool.map(ask, range(MANY)))

    return run


def test_fifty_identical_requests_make_one_row_and_one_call(gateway, make_order, stampede) -> None:
    order = make_order()
    answers = stampede(CANCELLATIONS, identifiers(order))
    process_due()  # whoever recorded it may not be the one who sent it
    assert {each.status_code for each in answers} <= {200, 201, 202, 409}
    assert {codes(each)[""][0] for each in answers if each.status_code == 409} <= {"try_again"}
    row = SubsidyCancellation.objects.get()
    assert {each.json()["id"] for each in answers if each.status_code != 409} == {row.pk}
    assert (row.status, len(gateway.calls(order.wechat_transaction_id))) == ("succeeded", 1)


def test_fifty_requests_with_one_key_are_one(gateway, make_order, stampede) -> None:
    order = make_order()
    answers = stampede(CANCELLATIONS, identifiers(order), HTTP_IDEMPOTENCY_KEY="k")
    assert {each.status_code for each in answers} <= {201, 409}
    at_work = [codes(each)[""] for each in answers if each.status_code == 409]
    assert at_work == [["request_in_progress"]] * len(at_work)
    assert (SubsidyCancellation.objects.count(), IdempotencyKey.objects.count()) == (1, 1)
    assert len(gateway.calls(order.wechat_transaction_id)) == 1


def own_key() -> dict[str, str]:
    return {"HTTP_IDEMPOTENCY_KEY": str(uuid4())}


def test_fifty_requests_with_a_key_each_are_one_row_and_one_call(
    gateway, make_order, stampede
) -> None:
    order = make_order()
    answers = stampede(CANCELLATIONS, identifiers(order), each_with=own_key)
    process_due()
    assert {each.status_code for each in answers} <= {200, 201, 202, 409}
    assert {codes(each)[""][0] for each in answers if each.status_code == 409} <= {"try_again"}
    row = SubsidyCancellation.objects.get()
    assert (row.status, len(gateway.calls(order.wechat_transaction_id))) == ("succeeded", 1)
    known = {key.cancellation_id for key in IdempotencyKey.objects.exclude(http_status=None)}
    assert known == {row.pk}


def test_fifty_batches_with_one_key_are_one(gateway, make_order, stampede) -> None:
    answers = stampede(BATCHES, {"orders": [make_order().pk]}, HTTP_IDEMPOTENCY_KEY="k")
    assert {each.status_code for each in answers} <= {202, 409}
    assert (CancellationBatch.objects.count(), SubsidyCancellation.objects.count()) == (1, 1)


@pytest.mark.parametrize(("verb", "refusal"), [("withdraw", {"frozen"}), ("retry", CONFLICTS)])
def test_of_fifty_who_decide_one_does(gateway, make_order, stampede, verb, refusal) -> None:
    row = cancel_subsidy_for_order(make_order(), send="later")
    if verb == "retry":
        SubsidyCancellation.objects.update(status="failed", send_after=None)
    answers = stampede(f"{CANCELLATIONS}{row.pk}/{verb}/", {})
    assert sorted({each.status_code for each in answers}) == [200, 409]
    assert [each.status_code for each in answers].count(200) == 1
    assert {codes(each)[""][0] for each in answers if each.status_code == 409} <= refusal
    assert CancellationEvent.objects.count() == 1
