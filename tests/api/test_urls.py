import pytest
from django.db import connection, connections
from django.urls import resolve

from .calls import CANCELLATIONS, identifiers


@pytest.mark.parametrize("url", [CANCELLATIONS, f"{CANCELLATIONS}1/"])
def test_views_are_atomic_on_no_database(url):
    assert resolve(url).func._non_atomic_requests == set(connections)


@pytest.mark.django_db(transaction=True)
def test_it_is_sent_within_a_request_under_atomic_requests_too(
    gateway, make_order, post, monkeypatch
):
    monkeypatch.setitem(connection.settings_dict, "ATOMIC_REQUESTS", True)
    response = post(identifiers(make_order()))
    assert (response.status_code, response.json()["status"]) == (201, "succeeded")


@pytest.mark.django_db(transaction=True)
def test_an_error_is_the_same_under_atomic_requests(gateway, make_order, post, monkeypatch):
    order = make_order(refunds=())
    without = post(identifiers(order))
    monkeypatch.setitem(connection.settings_dict, "ATOMIC_REQUESTS", True)
    assert post(identifiers(order)).content == without.content


def test_the_views_have_names_in_our_namespace():
    assert resolve(CANCELLATIONS).view_name == "wechat_subsidies:cancellation-list"
    assert resolve(f"{CANCELLATIONS}1/").view_name == "wechat_subsidies:cancellation-detail"
