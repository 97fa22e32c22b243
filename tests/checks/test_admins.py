"""Mixins that are named where Django does not ask them."""

from importlib import import_module
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin import AdminSite, sites
from django.core.checks import run_checks
from django.test import modify_settings

from example_project.shop.models import Order, Seller
from wechat_subsidies.admin import CancelSubsidiesMixin, SubsidyStateMixin

from .conftest import Change


class Right(CancelSubsidiesMixin, SubsidyStateMixin, admin.ModelAdmin):
    pass


class ActionLast(admin.ModelAdmin, CancelSubsidiesMixin):
    pass


class StateLast(CancelSubsidiesMixin, admin.ModelAdmin, SubsidyStateMixin):
    pass


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> AdminSite:
    """A site beside the default one, which no other test knows of."""
    monkeypatch.setattr(sites, "all_sites", {admin.site})
    return AdminSite(name="warehouse")


def test_mixins_before_django_are_right(problems: Change, site: AdminSite) -> None:
    site.register(Order, Right)
    assert problems() == []


@pytest.mark.parametrize(
    ("wrong", "mixin"),
    [(ActionLast, "CancelSubsidiesMixin"), (StateLast, "SubsidyStateMixin")],
)
def test_a_mixin_after_django_is_named(
    problems: Change, site: AdminSite, wrong: type, mixin: str
) -> None:
    site.register([Order, Seller], wrong)
    (error,) = problems()
    assert error.id == "wechat_subsidies.E301"
    assert error.msg == f"{wrong.__name__} names {mixin} after admin.ModelAdmin."
    assert error.hint == f"Name it first: class {wrong.__name__}({mixin}, admin.ModelAdmin)."


def test_without_the_admin_there_is_nothing_to_check(problems: Change, site: AdminSite) -> None:
    site.register(Order, ActionLast)
    assert problems()
    with modify_settings(INSTALLED_APPS={"remove": ["django.contrib.admin"]}):
        assert run_checks(tags=["wechat_subsidies"]) == []


def test_an_action_that_leads_nowhere_is_named(problems: Change, settings: Any) -> None:
    settings.ROOT_URLCONF = "tests.admin.no_pages"
    (error,) = problems()
    assert error.id == "wechat_subsidies.E302"
    assert error.msg == (
        "OrderAdmin cancels subsidies on the admin site “depot”, and no site among the URLs has "
        "the pages for it."
    )
    assert error.hint == "Put them on this site: wechat_subsidies.admin.register(site)."


@pytest.mark.parametrize(
    "urls", ["tests.admin.two_sites", "tests.checks.test_admins"], ids=["elsewhere", "no admin"]
)
def test_an_action_that_leads_to_another_site_or_is_on_none_is_right(
    problems: Change, settings: Any, urls: str
) -> None:
    import_module("tests.admin.no_pages")
    settings.ROOT_URLCONF = urls
    assert problems() == []


urlpatterns: list[Any] = []  # of a process that serves no admin
