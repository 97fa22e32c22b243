import pytest
from django.urls import include, path
from rest_framework.urlpatterns import format_suffix_patterns

from .calls import identifiers

ours = include("wechat_subsidies.api.urls")
versions = (
    [path("subsidies/", include("wechat_subsidies.api.urls", namespace="theirs"))],
    "v2",
)
urlpatterns = [
    path("tenants/<slug:tenant>/", include("wechat_subsidies.api.urls", namespace="tenant")),
    path("<str:version>/versioned/", include("wechat_subsidies.api.urls", namespace="versioned")),
    path("v2/", include(versions)),
    *format_suffix_patterns([path("suffixed/", ours)]),
]
pytestmark = pytest.mark.urls(__name__)


@pytest.mark.parametrize(
    "prefix", ["/tenants/tea/", "/v1/versioned/", "/v2/subsidies/", "/suffixed/"]
)
def test_an_address_is_beside_the_one_called(gateway, make_order, api, prefix):
    shown = api.post(f"{prefix}cancellations/", identifiers(make_order()), format="json").json()
    assert shown["url"] == f"http://testserver{prefix}cancellations/{shown['id']}/"
    assert api.get(shown["url"]).json()["url"] == shown["url"]


def test_a_format_suffix_is_the_hosts_to_have(gateway, make_order, api):
    url = "/suffixed/cancellations.json"
    shown = api.post(url, identifiers(make_order()), format="json").json()
    assert shown["url"] == f"http://testserver/suffixed/cancellations/{shown['id']}/"
    assert api.get(f"/suffixed/cancellations/{shown['id']}.json").json() == shown


@pytest.mark.parametrize(
    ("versioning", "prefix"),
    [
        ("URLPathVersioning", "/v1/versioned/"),
        ("NamespaceVersioning", "/v2/subsidies/"),
        ("QueryParameterVersioning", "/suffixed/"),
    ],
)
def test_a_host_may_have_versions(gateway, make_order, api, settings, versioning, prefix):
    settings.REST_FRAMEWORK = {
        "DEFAULT_VERSIONING_CLASS": f"rest_framework.versioning.{versioning}",
    }
    shown = api.post(f"{prefix}cancellations/", identifiers(make_order()), format="json").json()
    assert shown["url"] == f"http://testserver{prefix}cancellations/{shown['id']}/"
