"""Which admin site has a page, of those among the URLs."""

import pytest
from django.contrib.admin import AdminSite
from django.urls import NoReverseMatch, path

from wechat_subsidies.admin import register
from wechat_subsidies.models import CancellationBatch
from wechat_subsidies.places import admin_page, sites_among_urls

BATCHES = "wechat_subsidies_cancellationbatch_changelist"

# A host without a default site. Django takes the last among the URLs for it, which has no page of ours.
lobby, backoffice = AdminSite(name="lobby"), AdminSite(name="backoffice")
register(backoffice)
urlpatterns = [path("backoffice/", backoffice.urls), path("lobby/", lobby.urls)]


@pytest.mark.urls("tests.admin.two_sites")
@pytest.mark.parametrize(
    ("site_name", "first"),
    [("operations", "operations"), ("warehouse", "admin"), ("admin", "admin"), ("gone", "admin")],
)
def test_this_site_comes_first_and_the_default_one_next(site_name: str, first: str) -> None:
    assert admin_page(BATCHES, site_name=site_name).startswith(f"/{first}/")


@pytest.mark.urls("tests.test_places")
def test_any_site_is_better_than_none() -> None:
    assert (
        admin_page(BATCHES, site_name="lobby") == "/backoffice/wechat_subsidies/cancellationbatch/"
    )
    assert CancellationBatch(pk=7).get_absolute_url().startswith("/backoffice/")


@pytest.mark.urls("tests.admin.no_pages")
def test_a_page_that_no_site_has_has_no_address() -> None:
    assert list(sites_among_urls()) == ["depot"]
    assert admin_page(BATCHES, site_name="depot") == ""
    with pytest.raises(NoReverseMatch):
        CancellationBatch(pk=7).get_absolute_url()
