from rest_framework.renderers import JSONRenderer

from wechat_subsidies.services import cancel_subsidy_for_order

from .calls import CANCELLATIONS, codes, identifiers


class Shouting(JSONRenderer):
    """A renderer that changes the names of fields, as those for camel case do."""

    media_type = "application/json"

    def render(self, data, accepted_media_type=None, renderer_context=None):
        loud = {name.upper(): value for name, value in data.items()}
        return super().render(loud, accepted_media_type, renderer_context)


class Nothing:
    """A filter of the host's that leaves nothing."""

    def filter_queryset(self, request, queryset, view):
        return queryset.none()


def test_the_hosts_renderers_are_used_from_the_next_request_on(gateway, make_order, post, settings):
    order = make_order()
    assert "id" in post(identifiers(order)).json()
    settings.REST_FRAMEWORK = {"DEFAULT_RENDERER_CLASSES": ["tests.api.test_base.Shouting"]}
    assert "ID" in post(identifiers(order)).json()


def test_the_hosts_parsers_are_used_from_the_next_request_on(db, post, settings):
    settings.REST_FRAMEWORK = {"DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.FormParser"]}
    assert codes(post({})) == {"": ["unsupported_media_type"]}


def test_the_hosts_filters_and_pages_are_for_its_own_views(gateway, make_order, api, settings):
    asked = [cancel_subsidy_for_order(make_order()).pk for _ in range(3)]
    settings.REST_FRAMEWORK = {
        "DEFAULT_FILTER_BACKENDS": ["tests.api.test_base.Nothing"],
        "DEFAULT_PAGINATION_CLASS": "rest_framework.pagination.PageNumberPagination",
        "PAGE_SIZE": 1,
    }
    shown = api.get(CANCELLATIONS).json()["results"]
    assert [each["id"] for each in shown] == asked[::-1]


def test_the_hosts_versions_are_used_from_the_next_request_on(gateway, make_order, api, settings):
    url = f"{CANCELLATIONS}{cancel_subsidy_for_order(make_order()).pk}/"
    assert api.get(url, {"version": "v1"}).json()["url"].endswith(url)
    versioning = "rest_framework.versioning.QueryParameterVersioning"
    settings.REST_FRAMEWORK = {"DEFAULT_VERSIONING_CLASS": versioning}
    assert api.get(url, {"version": "v1"}).json()["url"].endswith(f"{url}?version=v1")


def test_the_browsable_api_works(gateway, make_order, api):
    html = {"HTTP_ACCEPT": "text/html"}
    page = api.post(CANCELLATIONS, identifiers(make_order()), format="json", **html)
    assert page.status_code == 202
    assert api.get(page["Location"], **html).status_code == 200
    assert "sub_mchid" in api.get(CANCELLATIONS, **html).content.decode()


def test_options_say_what_a_body_may_hold(db, api):
    fields = api.options(CANCELLATIONS).json()["actions"]["POST"]
    identifiers = ["sub_mchid", "transaction_id", "refund_id", "description"]
    assert [fields[name]["max_length"] for name in identifiers] == [32, 64, 64, 80]
