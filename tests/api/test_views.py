from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from django.db import connections
from rest_framework.test import APIClient

from wechat_subsidies.api.answers import seconds_until_change
from wechat_subsidies.models import SubsidyCancellation
from wechat_subsidies.services import cancel_subsidy_for_order

from .calls import CANCELLATIONS, codes, identifiers

sending = pytest.mark.django_db(transaction=True)


@sending
def test_what_is_finished_in_the_request_is_created(gateway, make_order, post):
    order = make_order()
    response = post(identifiers(order))
    assert response.status_code == 201
    assert response.json()["status"] == "succeeded"
    assert len(gateway.calls(order.wechat_transaction_id)) == 1


@sending
def test_a_refusal_of_wechat_pay_is_created_too(gateway, make_order, post):
    gateway.faults.add("fail_result")
    response = post(identifiers(make_order()))
    assert response.status_code == 201
    assert (response.json()["status"], response.json()["reason"]) == ("failed", "result_fail")


@sending
def test_what_was_created_says_where_it_is(gateway, make_order, post, api):
    response = post(identifiers(make_order()))
    assert response["Location"] == response.json()["url"]
    assert api.get(response["Location"]).json() == response.json()


@sending
def test_what_is_not_finished_is_accepted(gateway, make_order, post):
    gateway.faults.add("system_error")
    response = post(identifiers(make_order()))
    assert response.status_code == 202
    assert (response.json()["status"], response.json()["is_final"]) == ("pending", False)


@sending
def test_what_is_accepted_says_when_it_is_sent_again(gateway, make_order, post):
    gateway.faults.add("system_error")
    response = post(identifiers(make_order()))
    wait = datetime.fromisoformat(response.json()["next_attempt_at"]) - datetime.now(UTC)
    assert response["Location"] == response.json()["url"]
    assert abs(int(response["Retry-After"]) - wait.total_seconds()) < 5


@sending
def test_a_gateway_that_is_down_loses_nothing(gateway, make_order, post):
    order = make_order()
    gateway.stop()
    try:
        response = post(identifiers(order))
    finally:
        gateway.start()
    assert (response.status_code, response.json()["reason"]) == (202, "not_sent")
    assert SubsidyCancellation.objects.get().status == "pending"


@sending
def test_a_repeat_finds_what_is_finished(gateway, make_order, post):
    order = make_order()
    first, second = post(identifiers(order)), post(identifiers(order))
    assert (second.status_code, second.json()) == (200, first.json())
    assert len(gateway.calls(order.wechat_transaction_id)) == 1


def test_a_repeat_finds_what_waits(gateway, make_order, post):
    order = make_order()
    first, second = post(identifiers(order)), post(identifiers(order))
    assert (first.status_code, second.status_code) == (202, 202)
    assert second["Location"] == first["Location"]


def test_a_repeat_says_in_what_it_differs(gateway, make_order, post):
    order = make_order()
    post(identifiers(order))
    response = post({**identifiers(order), "refund_id": "R2", "description": "又一次"})
    assert response.json()["differs"] == ["refund_id", "description"]
    assert response.json()["refund_id"] != "R2"


def test_what_does_not_differ_does_not_say_so(gateway, make_order, post):
    assert "differs" not in post(identifiers(make_order())).json()


@pytest.mark.parametrize(
    ("until", "seconds"),
    [(timedelta(0), 2), (timedelta(minutes=5), 300), (timedelta(days=-1), 2)],
)
def test_a_caller_is_told_to_wait_until_the_next_call(until, seconds):
    due = datetime.now(UTC) + until
    waiting = SubsidyCancellation(status="pending", send_after=due)
    assert seconds_until_change(waiting) == seconds


def test_what_is_being_sent_is_worth_a_look_soon():
    lease = datetime.now(UTC) + timedelta(minutes=1)
    assert seconds_until_change(SubsidyCancellation(status="sending", send_after=lease)) == 2


@sending
def test_two_requests_at_once_make_one_call(gateway, make_order, caller):
    order = make_order()
    gateway.faults.add("delay", seconds=1)
    both = Barrier(2)

    def ask() -> Any:
        client = APIClient()
        client.force_authenticate(caller)
        both.wait()
        try:
            return client.post(CANCELLATIONS, identifiers(order), format="json")
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        answers = [each.result() for each in [pool.submit(ask), pool.submit(ask)]]
    # Either may record it and either may send it: one that only recorded it is told 202.
    assert {each.status_code for each in answers} <= {200, 201, 202}
    assert {each.json()["id"] for each in answers} == {SubsidyCancellation.objects.get().pk}
    assert len(gateway.calls(order.wechat_transaction_id)) == 1


def test_the_list_has_the_newest_first(gateway, make_order, api):
    asked = [cancel_subsidy_for_order(make_order()).pk for _ in range(3)]
    response = api.get(CANCELLATIONS)
    assert response.status_code == 200
    assert [each["id"] for each in response.json()["results"]] == asked[::-1]


def test_the_list_takes_one_query_of_ours_however_long_it_is(
    gateway, make_order, api, caller, django_assert_num_queries
):
    for _ in range(5):
        cancel_subsidy_for_order(make_order(), requested_by=caller)
    api.get(CANCELLATIONS)  # the caller's permissions are read once
    with django_assert_num_queries(1) as queries:
        assert len(api.get(CANCELLATIONS).json()["results"]) == 5
    assert "COUNT(" not in queries[0]["sql"].upper()


def test_looking_at_one_takes_one_query(gateway, make_order, post, api, django_assert_num_queries):
    url = post(identifiers(make_order())).json()["url"]
    with django_assert_num_queries(1):
        assert api.get(url).status_code == 200


@pytest.mark.parametrize("key", ["1", "9" * 18, "9" * 30])
def test_what_never_existed_is_not_found(db, api, key):
    response = api.get(f"{CANCELLATIONS}{key}/")
    assert response.status_code == 404
    assert codes(response) == {"": ["not_found"]}


def test_nothing_is_sent_from_a_get(gateway, make_order, post, api):
    url = post(identifiers(make_order())).json()["url"]
    api.get(url)
    api.get(CANCELLATIONS)
    assert gateway.calls() == []


def test_all_moments_are_utc_whatever_the_host_has(settings, gateway, make_order, post):
    settings.USE_TZ = False
    before = datetime.now(UTC)
    shown = post(identifiers(make_order())).json()
    moments = [shown["created_at"], shown["updated_at"], shown["send_after"]]
    assert all(moment.endswith("Z") for moment in moments)
    for moment in moments:
        assert abs(datetime.fromisoformat(moment) - before) < timedelta(minutes=1)
