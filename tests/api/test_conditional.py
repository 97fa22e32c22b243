"""Looking again at what has not changed."""

import pytest
from django.urls import resolve
from django.utils import timezone
from rest_framework.renderers import JSONRenderer
from rest_framework.test import APIRequestFactory, force_authenticate

from wechat_subsidies.models import SubsidyCancellation
from wechat_subsidies.services import cancel_subsidies, cancel_subsidy_for_order

from .calls import CANCELLATIONS

BATCHES = "/api/subsidies/batches/"


@pytest.fixture
def urls(gateway, make_order, caller):
    """Everything that one can look at."""
    row = cancel_subsidy_for_order(make_order(), send="later")
    batch = cancel_subsidies([make_order()], requested_by=caller, send="later")
    return [
        CANCELLATIONS,
        f"{CANCELLATIONS}{row.pk}/",
        BATCHES,
        f"{BATCHES}{batch.pk}/",
        f"{BATCHES}{batch.pk}/items/",
    ]


def test_what_has_not_changed_is_not_sent_again(urls, api):
    for url in urls:
        first = api.get(url)
        second = api.get(url, HTTP_IF_NONE_MATCH=first["ETag"])
        assert (second.status_code, second.content) == (304, b"")
        assert second["ETag"] == first["ETag"]
        assert api.head(url, HTTP_IF_NONE_MATCH=first["ETag"]).status_code == 304


class Wrapping(JSONRenderer):
    """A renderer of the host's that puts whatever there is into an envelope."""

    def render(self, data, accepted_media_type=None, renderer_context=None):
        return super().render({"ok": True, "data": data}, accepted_media_type, renderer_context)


def test_what_has_not_changed_has_no_body_on_a_host_that_wraps_all(urls, caller, settings):
    # Asked of the view itself: the test client takes the body of a 304 away, as not every server does.
    renderers = {"DEFAULT_RENDERER_CLASSES": [f"{__name__}.Wrapping"]}
    settings.REST_FRAMEWORK = {**settings.REST_FRAMEWORK, **renderers}

    def get(url, **headers):
        request = APIRequestFactory().get(url, **headers)
        force_authenticate(request, caller)
        request.resolver_match = match = resolve(url)
        return match.func(request, *match.args, **match.kwargs).render()

    for url in urls:
        known = get(url)["ETag"]
        response = get(url, HTTP_IF_NONE_MATCH=known)
        assert (response.status_code, response.content) == (304, b"")
        assert (response["ETag"], response.has_header("Content-Type")) == (known, False)


def test_what_has_changed_is_sent(urls, api):
    tags = [api.get(url)["ETag"] for url in urls[:2]]
    SubsidyCancellation.objects.update(reason="not_sent", updated_at=timezone.now())
    for url, tag in zip(urls[:2], tags, strict=True):
        response = api.get(url, HTTP_IF_NONE_MATCH=tag)
        assert (response.status_code, response["ETag"] == tag) == (200, False)


@pytest.mark.parametrize("known", ["*", 'W/"x", {}', "{strong}"])
def test_a_tag_is_known_in_whichever_way_it_is_given(urls, api, known):
    tag = api.get(urls[1])["ETag"]
    given = known.format(tag, strong=tag.removeprefix("W/"))
    assert api.get(urls[1], HTTP_IF_NONE_MATCH=given).status_code == 304


@pytest.mark.parametrize("known", ["", "x", '"x"', 'W/"x"', "é"])
def test_another_tag_is_none(urls, api, known):
    assert api.get(urls[1], HTTP_IF_NONE_MATCH=known).status_code == 200


def test_other_words_have_another_tag(urls, api):
    SubsidyCancellation.objects.update(reason="not_sent")
    tags = {api.get(urls[1], HTTP_ACCEPT_LANGUAGE=each)["ETag"] for each in ("en", "zh-hans")}
    assert len(tags) == 2


def test_errors_and_what_is_done_have_no_tag(gateway, make_order, api):
    assert "ETag" not in api.get(f"{CANCELLATIONS}1/")
    assert "ETag" not in api.post(CANCELLATIONS, {"order": make_order().pk}, format="json")
    assert "ETag" not in api.options(CANCELLATIONS)


def test_a_page_for_people_has_none(urls, api):
    tag = api.get(urls[1])["ETag"]
    page = api.get(urls[1], HTTP_ACCEPT="text/html", HTTP_IF_NONE_MATCH=tag)
    assert (page.status_code, "ETag" in page) == (200, False)


def test_what_is_shown_is_no_cache_of_others(urls, api):
    assert api.get(urls[1])["Cache-Control"] == "private, no-cache"


def test_what_waits_says_when_to_look_again(urls, api):
    first = api.get(urls[1])
    assert int(first["Retry-After"]) >= 2
    assert "Retry-After" in api.get(urls[1], HTTP_IF_NONE_MATCH=first["ETag"])
    assert "Retry-After" in api.get(urls[3])
    SubsidyCancellation.objects.update(status="withdrawn", send_after=None)
    assert "Retry-After" not in api.get(urls[1])
