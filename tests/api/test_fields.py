from datetime import UTC, datetime, timedelta, timezone

import pytest
from django.utils import timezone as django_timezone

from wechat_subsidies.api.fields import MomentField


def shown(moment):
    return MomentField().to_representation(moment)


def test_a_moment_is_shown_in_utc():
    noon = datetime(2026, 11, 23, 12, tzinfo=timezone(timedelta(hours=8)))
    assert shown(noon) == "2026-11-23T04:00:00Z"


def test_a_moment_keeps_its_microseconds():
    assert shown(datetime(2026, 11, 23, 4, 0, 0, 7, tzinfo=UTC)) == "2026-11-23T04:00:00.000007Z"


def test_a_naive_moment_is_in_the_sites_time_zone(settings):
    settings.TIME_ZONE = "Asia/Shanghai"
    with django_timezone.override("America/New_York"):  # the caller's, which stored nothing
        assert shown(datetime(2026, 11, 23, 12)) == "2026-11-23T04:00:00Z"


@pytest.mark.parametrize("use_tz", [True, False])
def test_a_moment_does_not_depend_on_the_hosts_formats(settings, use_tz):
    settings.USE_TZ = use_tz
    settings.REST_FRAMEWORK = {"DATETIME_FORMAT": "%d.%m.%Y"}
    assert shown(datetime(2026, 11, 23, 4, tzinfo=UTC)) == "2026-11-23T04:00:00Z"
