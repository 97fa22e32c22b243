from types import SimpleNamespace

import pytest
from django.contrib.auth.models import User
from rest_framework.permissions import BasePermission
from rest_framework.test import APIClient

from .calls import CANCELLATIONS, codes, identifiers

BASIC = {"DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.BasicAuthentication"]}


def client_of(user):
    client = APIClient()
    if user:
        client.login(username=user.username, password=user.username)
    return client


@pytest.mark.parametrize("method", ["get", "post"])
def test_nobody_is_refused(db, method):
    response = getattr(client_of(None), method)(CANCELLATIONS)
    assert (response.status_code, codes(response)) == (403, {"": ["not_authenticated"]})


@pytest.mark.parametrize("method", ["get", "post"])
def test_nobody_is_asked_for_a_password_where_there_are_passwords(db, settings, method):
    settings.REST_FRAMEWORK = BASIC
    assert getattr(client_of(None), method)(CANCELLATIONS).status_code == 401


@pytest.mark.parametrize(
    ("permissions", "reading", "asking"),
    [
        ([], 403, 403),
        (["view_subsidycancellation"], 200, 403),
        (["cancel_subsidy"], 200, 400),
        (["resolve_cancellation"], 200, 403),
        (["pause_sending", "view_all_batches"], 403, 403),
    ],
)
def test_each_permission_allows_what_it_is_for(make_user, permissions, reading, asking):
    client = client_of(make_user("li", *permissions))
    assert client.get(CANCELLATIONS).status_code == reading
    assert client.post(CANCELLATIONS).status_code == asking
    assert client.get(f"{CANCELLATIONS}1/").status_code == (404 if reading == 200 else 403)


@pytest.mark.parametrize("url", [CANCELLATIONS, "/api/subsidies/batches/"])
def test_an_account_that_knows_nothing_of_being_active_has_its_permissions(db, url):
    account = SimpleNamespace(is_authenticated=True, pk=7, has_perm=lambda permission: True)
    client = APIClient()
    client.force_authenticate(account)
    assert client.get(url).status_code == 200
    account.is_active = False
    assert client.get(url).status_code == 403


@pytest.mark.django_db(transaction=True)
def test_who_may_cancel_cancels(gateway, make_user, make_order):
    client = client_of(make_user("li", "cancel_subsidy"))
    response = client.post(CANCELLATIONS, identifiers(make_order()), format="json")
    assert response.status_code == 201


def test_who_may_not_cancel_sends_nothing(gateway, make_user, make_order):
    client = client_of(make_user("li", "view_subsidycancellation"))
    response = client.post(CANCELLATIONS, identifiers(make_order()), format="json")
    assert codes(response) == {"": ["permission_denied"]}
    assert gateway.calls() == []


def test_who_has_left_is_refused(make_user, settings):
    settings.AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.AllowAllUsersModelBackend"]
    client = client_of(make_user("li", "cancel_subsidy", "view_subsidycancellation"))
    assert client.get(CANCELLATIONS).status_code == 200
    User.objects.update(is_active=False)
    assert client.get(CANCELLATIONS).status_code == 403


def test_who_has_left_is_refused_whatever_a_backend_of_the_host_says(db):
    client = APIClient()
    client.force_authenticate(SimpleNamespace(is_active=False, has_perm=lambda name: True))
    assert client.get(CANCELLATIONS).status_code == 403


@pytest.mark.parametrize("user", [object(), None])
def test_who_is_no_user_of_the_site_is_not_permitted_by_ours(db, user):
    client = APIClient()
    client.force_authenticate(user, token="t")
    assert client.get(CANCELLATIONS).status_code == 403


def test_a_host_may_have_permissions_of_its_own(db, change_settings):
    change_settings(API={"PERMISSION_CLASSES": ["tests.api.test_permissions.Reads"]})
    assert client_of(None).get(CANCELLATIONS).status_code == 200
    assert client_of(None).post(CANCELLATIONS).status_code == 403


def test_a_hosts_permissions_may_be_classes_and_combinations(db, change_settings):
    change_settings(API={"PERMISSION_CLASSES": [Reads & ~Reads]})
    assert client_of(None).get(CANCELLATIONS).status_code == 403
    change_settings(API={"PERMISSION_CLASSES": [Reads]})
    assert client_of(None).get(CANCELLATIONS).status_code == 200


def test_no_permissions_at_all_are_an_omission(db, change_settings):
    change_settings(API={"PERMISSION_CLASSES": []})
    assert client_of(None).get(CANCELLATIONS).status_code == 403


class Reads(BasePermission):
    def has_permission(self, request, view):
        return request.method == "GET"
