import json
import re

from rest_framework.parsers import JSONParser
from rest_framework.renderers import JSONRenderer

from wechat_subsidies.services import cancel_subsidy_for_order

from .calls import CANCELLATIONS, codes, identifiers


class Shouting(JSONRenderer):
    """A renderer that changes the names of fields, as those for camel case do."""

    media_type = "application/json"

    def render(self, data, accepted_media_type=None, renderer_context=None):
        loud = {name.upper(): value for name, value in data.items()}
        return super().render(loud, accepted_media_type, renderer_context)


def renamed(data, rename):
    """The same with the names of all fields changed, as renderers and parsers for camel case do."""
    if isinstance(data, dict):
        return {rename(name): renamed(value, rename) for name, value in data.items()}
    return [renamed(each, rename) for each in data] if isinstance(data, list) else data


class CamelRenderer(JSONRenderer):
    def render(self, data, accepted_media_type=None, renderer_context=None):
        if data is None:
            return b""
        camel = renamed(json.loads(super().render(data)), self.name)
        return super().render(camel, accepted_media_type, renderer_context)

    def name(self, text):
        return re.sub(r"_([a-z])", lambda found: found[1].upper(), text)


class CamelParser(JSONParser):
    def parse(self, *args, **kwargs):
        snake = lambda text: re.sub(r"[A-Z]", lambda found: f"_{found[0].lower()}", text)  # noqa: E731
        return renamed(super().parse(*args, **kwargs), snake)


def test_camel_case_does_no_harm(gateway, make_order, api, settings):
    settings.REST_FRAMEWORK = {
        "DEFAULT_RENDERER_CLASSES": ["tests.api.test_base.CamelRenderer"],
        "DEFAULT_PARSER_CLASSES": ["tests.api.test_base.CamelParser"],
    }
    body = json.dumps({"items": [{"orderReference": make_order().number}, {"order": 987}]})
    headers = {"content_type": "application/json", "HTTP_IDEMPOTENCY_KEY": "k"}
    first, second = (api.post("/api/subsidies/batches/", body, **headers) for _ in range(2))
    assert first.status_code == second.status_code == 202
    assert first.json() == second.json()
    assert [each["result"] for each in first.json()["items"]] == ["asked", "refused"]
    assert first.json()["itemCounts"]["total"] == 2
    shown = api.get(CANCELLATIONS)
    assert shown.json()["results"][0]["transactionId"]
    assert api.get(CANCELLATIONS, HTTP_IF_NONE_MATCH=shown["ETag"]).status_code == 304
    wrong = api.post(CANCELLATIONS, '{"orderReferenz": 1}', content_type="application/json")
    assert list(wrong.json()["fields"]) == ["orderReferenz"]


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
