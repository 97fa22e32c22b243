import pytest
from django.core.cache import cache
from rest_framework.test import APIClient

from .calls import CANCELLATIONS, codes
from .test_callers import Machine


@pytest.fixture(autouse=True)
def empty_cache():
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def once_a_day(change_settings):
    change_settings(API={"THROTTLE_RATE": "1/day"})


def test_who_calls_too_often_is_told_when_to_come_back(db, api, once_a_day):
    assert api.get(CANCELLATIONS).status_code == 200
    response = api.get(CANCELLATIONS)
    assert (response.status_code, codes(response)) == (429, {"": ["throttled"]})
    assert 0 < int(response["Retry-After"]) <= 86_400


def test_callers_do_not_use_up_each_others_calls(db, api, make_user, once_a_day):
    other = APIClient()
    other.force_authenticate(make_user("li", "cancel_subsidy"))
    assert [api.get(CANCELLATIONS).status_code for _ in range(2)] == [200, 429]
    assert other.get(CANCELLATIONS).status_code == 200


def test_callers_without_a_key_are_told_apart_by_name(db, change_settings):
    allow = "rest_framework.permissions.AllowAny"
    change_settings(API={"THROTTLE_RATE": "1/day", "PERMISSION_CLASSES": [allow]})
    client = APIClient()
    statuses = []
    for name in ("erp", "erp", "oms", None, None):
        client.force_authenticate(name)
        statuses.append(client.get(CANCELLATIONS).status_code)
    assert statuses == [200, 429, 200, 200, 429]


def test_a_machine_is_not_the_user_with_the_same_key(db, api, caller, change_settings):
    allow = "rest_framework.permissions.AllowAny"
    change_settings(API={"THROTTLE_RATE": "1/day", "PERMISSION_CLASSES": [allow]})
    assert api.get(CANCELLATIONS).status_code == 200
    api.force_authenticate(Machine(pk=caller.pk))
    assert api.get(CANCELLATIONS).status_code == 200


def test_without_a_rate_there_is_none_of_ours(db, api):
    assert {api.get(CANCELLATIONS).status_code for _ in range(5)} == {200}


@pytest.mark.parametrize("ours", [None, "100/day"])
def test_the_hosts_own_limit_stays(db, api, settings, change_settings, ours):
    settings.REST_FRAMEWORK = {"DEFAULT_THROTTLE_CLASSES": ["tests.api.test_throttling.Never"]}
    change_settings(API={"THROTTLE_RATE": ours})
    assert api.get(CANCELLATIONS).status_code == 429


def test_a_host_with_scoped_rates_need_not_know_ours(db, api, settings, once_a_day):
    scoped = "rest_framework.throttling.ScopedRateThrottle"
    settings.REST_FRAMEWORK = {
        "DEFAULT_THROTTLE_CLASSES": [scoped],
        "DEFAULT_THROTTLE_RATES": {"theirs": "1/day"},
    }
    assert api.get(CANCELLATIONS).status_code == 200


class Never:
    def allow_request(self, request, view):
        return False

    def wait(self):
        return None
