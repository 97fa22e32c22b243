import pytest
from django.core.exceptions import PermissionDenied, TooManyFieldsSent
from django.http import Http404
from rest_framework import exceptions as drf
from rest_framework.test import APIClient

from wechat_subsidies.api.errors import answer
from wechat_subsidies.models import SubsidyCancellation

from .calls import CANCELLATIONS, codes, identifiers

JSON = "application/json"


def everything(response):
    refusal = response.json()
    assert set(refusal) <= {"code", "detail", "fields"}
    assert refusal["detail"]
    return response.status_code, refusal["code"]


@pytest.mark.parametrize(
    ("body", "content_type", "status", "code"),
    [
        (b"{", JSON, 400, "parse_error"),
        (b"\xff", JSON, 400, "parse_error"),
        (b'{"order": NaN}', JSON, 400, "parse_error"),
        (b'{"order": 1' + b"0" * 5000 + b"}", JSON, 400, "parse_error"),
        (b"[" * 100_000, JSON, 400, "parse_error"),
        (b"{}", JSON + "; charset=zlib", 400, "parse_error"),
        (b"{}", JSON + "; charset=rot13", 400, "parse_error"),
        (b"{}", "text/plain", 415, "unsupported_media_type"),
        (b"<a/>", "application/xml", 415, "unsupported_media_type"),
        (b"x", "multipart/form-data", 400, "parse_error"),
        (b"&".join([b"a=1"] * 2000), "application/x-www-form-urlencoded", 400, "parse_error"),
    ],
)
def test_a_body_that_cannot_be_read_is_refused(gateway, api, body, content_type, status, code):
    response = api.generic("POST", CANCELLATIONS, body, content_type=content_type)
    assert everything(response) == (status, code)
    assert not SubsidyCancellation.objects.exists()
    assert gateway.calls() == []


def test_a_wrong_field_is_named_in_words_as_well(db, api):
    response = api.post(CANCELLATIONS, {"order": True}, format="json")
    assert everything(response) == (400, "invalid")
    assert response.json()["detail"] == "order: Must be text or an integer, not bool."


def test_a_wrong_body_has_no_fields(db, api):
    response = api.post(CANCELLATIONS, [1], format="json")
    assert everything(response) == (400, "invalid")
    assert "fields" not in response.json()


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_a_method_that_there_is_not_is_refused(db, api, method):
    response = getattr(api, method)(CANCELLATIONS)
    assert everything(response) == (405, "method_not_allowed")
    assert response["Allow"] == "GET, POST, HEAD, OPTIONS"


def test_a_format_that_there_is_not_is_refused(db, api):
    response = api.get(CANCELLATIONS, HTTP_ACCEPT="application/pdf")
    assert everything(response) == (406, "not_acceptable")


def test_who_is_not_authenticated_is_told_how_to(db, settings):
    basic = "rest_framework.authentication.BasicAuthentication"
    settings.REST_FRAMEWORK = {"DEFAULT_AUTHENTICATION_CLASSES": [basic]}
    response = APIClient().get(CANCELLATIONS)
    assert everything(response) == (401, "not_authenticated")
    assert response["WWW-Authenticate"] == 'Basic realm="api"'


def test_a_wrong_password_is_refused(caller, settings):
    basic = "rest_framework.authentication.BasicAuthentication"
    settings.REST_FRAMEWORK = {"DEFAULT_AUTHENTICATION_CLASSES": [basic]}
    response = APIClient().get(CANCELLATIONS, HTTP_AUTHORIZATION="Basic b21zOng=")
    assert everything(response) == (401, "authentication_failed")


def test_a_missing_csrf_token_is_refused(caller):
    client = APIClient(enforce_csrf_checks=True)
    client.login(username="oms", password="oms")
    response = client.post(CANCELLATIONS, {}, format="json")
    assert everything(response) == (403, "permission_denied")
    assert "CSRF" in response.json()["detail"]


def test_the_shape_is_ours_whatever_the_hosts_is(db, api, settings):
    settings.REST_FRAMEWORK = {
        "EXCEPTION_HANDLER": "tests.api.test_errors.nobody",
        "NON_FIELD_ERRORS_KEY": "fields",
    }
    assert everything(api.get(f"{CANCELLATIONS}1/")) == (404, "not_found")
    assert codes(api.post(CANCELLATIONS, [], format="json")) == {"": ["invalid"]}


def nobody(*args):
    raise AssertionError("The host's handler was called.")


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (Http404("secret"), 404, "not_found"),
        (PermissionDenied("secret"), 403, "permission_denied"),
        (TooManyFieldsSent("secret"), 400, "parse_error"),
        (drf.Throttled(wait=2.5), 429, "throttled"),
        (drf.PermissionDenied("Not on Sundays.", code="sunday"), 403, "sunday"),
        (drf.AuthenticationFailed({"why": ["?"]}), 401, "authentication_failed"),
        (drf.ValidationError({"a": ["b"]}), 400, "invalid"),
    ],
)
def test_errors_of_django_and_drf_have_their_codes(error, status, code):
    response = answer(error, {})
    assert (response.status_code, response.data["code"]) == (status, code)
    assert "secret" not in str(response.data)


def test_an_error_that_nobody_foresaw_is_the_hosts():
    assert answer(ZeroDivisionError(), {}) is None


def test_the_browsable_api_shows_errors_too(db, api):
    response = api.generic("POST", CANCELLATIONS, b"{", content_type=JSON, HTTP_ACCEPT="text/html")
    assert (response.status_code, response["Content-Type"]) == (400, "text/html; charset=utf-8")
    assert "parse_error" in response.content.decode()


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_a_field_is_named_once(gateway, make_order, post, language):
    body = {**identifiers(make_order()), "description": "\U0001f600"}
    said = post(body, HTTP_ACCEPT_LANGUAGE=language).json()
    (error,) = said["fields"]["description"]
    assert said["detail"] == f"description: {error['detail']}"
    assert not error["detail"].startswith("description")


def test_a_body_of_null_is_refused_in_the_callers_language(gateway, api):
    answers = [
        api.generic("POST", CANCELLATIONS, b"null", "application/json", HTTP_ACCEPT_LANGUAGE=each)
        for each in ("en", "zh-hans")
    ]
    assert [each.status_code for each in answers] == [400, 400]
    english, chinese = (each.json()["detail"] for each in answers)
    assert english.isascii()
    assert not chinese.isascii()
