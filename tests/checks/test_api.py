"""The REST API without Django REST framework among the apps."""

from typing import Any

import pytest
from django.test import modify_settings
from django.urls import include, path

from .conftest import Change

OURS = path("subsidies/", include("wechat_subsidies.api.urls"))
OTHERS = path("i18n/", include("django.conf.urls.i18n"))

without = modify_settings(INSTALLED_APPS={"remove": ["rest_framework"]})


def ids(problems: Change, **values: Any) -> list[str]:
    return [problem.id for problem in problems(**values)]


@pytest.mark.parametrize(
    "urls", [(OURS,), (OTHERS, OURS), (path("api/", include(([OTHERS, OURS], "shop"))),)], ids=str
)
@without
def test_urls_of_ours_are_found_however_deep(problems: Change, settings: Any, urls: Any) -> None:
    settings.ROOT_URLCONF = urls
    assert ids(problems) == ["wechat_subsidies.E401"]
    assert ids(problems, API={"MAX_BATCH": 5}) == ["wechat_subsidies.E401"]


@pytest.mark.parametrize("urls", [(OTHERS,), (), None, "tests.checks.broken"], ids=str)
@without
def test_urls_without_ours_need_no_rest_framework(
    problems: Change, settings: Any, urls: Any
) -> None:
    settings.ROOT_URLCONF = urls
    assert ids(problems) == []
    assert ids(problems, API={"MAX_BATCH": 5}) == ["wechat_subsidies.W402"]


@without
def test_without_urls_and_settings_there_is_nothing_to_say(problems: Change, settings: Any) -> None:
    del settings.ROOT_URLCONF
    assert ids(problems, API={}) == []
