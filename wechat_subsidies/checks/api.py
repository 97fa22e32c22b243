"""The REST API: is what it is made with there?"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage
from django.urls import URLResolver, get_resolver

from ..conf import app_settings
from .messages import warning

URLS = "wechat_subsidies.api.urls"
HINT = "Add 'rest_framework' to INSTALLED_APPS, or leave {} out."


def check_api(**kwargs: object) -> list[CheckMessage]:
    """Check that Django REST framework is installed where the API is used."""
    if apps.is_installed("rest_framework"):
        return []
    raw = app_settings.raw
    if is_included():
        words = f"The URLs include {URLS}, and INSTALLED_APPS does not have 'rest_framework'."
        return [checks.Error(words, hint=HINT.format("the URLs"), id="wechat_subsidies.E401")]
    if isinstance(raw, Mapping) and raw.get("API"):
        words = "is set, and INSTALLED_APPS does not have 'rest_framework'."
        return [warning("['API']", words, hint=HINT.format("API"), number=402)]
    return []


def is_included() -> bool:
    """Whether the shop's URLs include ours."""
    if not getattr(settings, "ROOT_URLCONF", None):
        return False
    try:
        return URLS in included(get_resolver().url_patterns)
    except Exception:  # noqa: BLE001  (whatever the shop's URLs may raise: Django's own check says it)
        return False


def included(patterns: Iterable[Any]) -> Iterator[str]:
    """The names of the modules that the patterns include, and those include, and so on."""
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield getattr(pattern.urlconf_name, "__name__", "")
            yield from included(pattern.url_patterns)
