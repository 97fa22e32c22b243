import inspect

import pytest
import requests

from wechat_subsidies.wechatpay import (
    APIError,
    BadRequest,
    Forbidden,
    NotFound,
    NotSent,
    OutcomeUnknown,
    RateLimited,
    ServerError,
    SignatureRefused,
    UnexpectedStatus,
    UnverifiedAnswer,
    WeChatPayError,
    errors,
)
from wechat_subsidies.wechatpay.bodies import api_error
from wechat_subsidies.wechatpay.errors import NetworkError, network_error

from .samples import answer_of
from .servers import as_json

REQUESTS_EXCEPTIONS = [
    each
    for each in vars(requests.exceptions).values()
    if inspect.isclass(each) and issubclass(each, requests.RequestException)
]


def refusal(status: int, code: str | None) -> APIError:
    return api_error(answer_of(as_json(code=code, message="参数错误"), status=status))


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (103, UnexpectedStatus),
        (202, UnexpectedStatus),
        (204, UnexpectedStatus),
        (302, UnexpectedStatus),
        (400, BadRequest),
        (401, SignatureRefused),
        (403, Forbidden),
        (404, NotFound),
        (409, UnexpectedStatus),
        (429, RateLimited),
        (500, ServerError),
        (503, ServerError),
        (599, ServerError),
        (600, UnexpectedStatus),
    ],
)
def test_the_status_decides_about_the_class(status: int, kind: type[APIError]) -> None:
    assert type(refusal(status, "PARAM_ERROR")) is kind


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, "PARAM_ERROR"),
        (400, "INVALID_REQUEST"),
        (401, "SIGN_ERROR"),
        (403, "NO_AUTH"),
        (404, "RESOURCE_NOT_EXISTS"),
        (404, "ORDER_NOT_EXIST"),
        (429, "FREQUENCY_LIMITED"),
        (429, "RATELIMIT_EXCEEDED"),
    ],
)
def test_a_documented_refusal_is_certain(status: int, code: str) -> None:
    assert refusal(status, code).outcome_known is True


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, None),
        (400, "param_error"),
        (400, "SIGN_ERROR"),
        (404, "PARAM_ERROR"),
        (409, "INVALID_REQUEST"),
        (500, "SYSTEM_ERROR"),
        (500, "PARAM_ERROR"),
        (202, "PARAM_ERROR"),
        (429, "NEW_CODE"),
    ],
)
def test_what_is_not_documented_is_not_guessed_at(status: int, code: str | None) -> None:
    assert refusal(status, code).outcome_known is False


def test_an_error_says_in_one_line_all_that_support_asks_for() -> None:
    body = as_json(code="PARAM_ERROR", message="参数错误", detail={"field": "/description"})
    assert str(api_error(answer_of(body, status=400))) == (
        "WeChat Pay answered PARAM_ERROR: 参数错误; field /description "
        "(HTTP 400 from api.mch.weixin.qq.com, Request-ID 08F78BB7). "
        "Correct what is named and call again."
    )


def test_an_error_whose_outcome_is_unknown_says_so() -> None:
    assert "may have been carried out" in str(refusal(400, "NEW_CODE"))
    assert "may have been carried out" in str(refusal(500, "SYSTEM_ERROR"))
    assert "check the merchant id" in str(refusal(500, "SYSTEM_ERROR"))


def test_an_error_without_a_code_says_so() -> None:
    assert "no error code" in str(api_error(answer_of(b"<html>", status=502)))


def test_text_of_an_answer_cannot_break_out_of_its_line() -> None:
    body = as_json(code="A\nB", message="x" * 5000 + "\x1b[2J", detail={"field": "\u2028"})
    text = str(api_error(answer_of(body, status=400)))
    assert text.isprintable()
    assert len(text) < 600


@pytest.mark.parametrize("detail", ["text", 5, [], {}, {"field": 5}, {"field": {"a": [1]}}, None])
def test_a_detail_of_any_shape_is_kept_and_not_shown(detail: object) -> None:
    error = api_error(answer_of(as_json(code="PARAM_ERROR", detail=detail), status=400))
    assert error.detail == detail
    assert "; field" not in str(error)


def test_a_missing_request_id_is_none() -> None:
    error = api_error(answer_of(status=500, headers={"Request-ID": ""}))
    assert error.request_id == ""
    assert "Request-ID none" in str(error)


def test_what_never_got_an_answer_has_none_of_its_properties() -> None:
    error = WeChatPayError("x")
    assert (error.answer, error.http_status, error.request_id) == (None, None, None)
    assert (error.code, error.message, error.detail) == (None, None, None)


@pytest.mark.parametrize("original", REQUESTS_EXCEPTIONS)
@pytest.mark.parametrize("kind", [NotSent, OutcomeUnknown])
def test_a_network_error_is_also_every_exception_of_requests(
    kind: type[NetworkError], original: type[requests.RequestException]
) -> None:
    error = network_error(kind, "what happened", original=original.__new__(original))
    assert isinstance(error, kind)
    assert isinstance(error, original)
    assert str(error) == "what happened"


def test_the_combined_class_of_two_classes_is_one() -> None:
    first, second = (
        network_error(NotSent, "x", original=requests.ConnectTimeout()) for _ in range(2)
    )
    assert type(first) is type(second)


def test_a_network_error_that_is_none_of_requests_is_a_request_exception() -> None:
    error = network_error(NotSent, "x", original=ValueError("y"))
    assert isinstance(error, requests.RequestException)
    assert (error.request, error.response) == (None, None)


@pytest.mark.parametrize(("kind", "known"), [(NotSent, True), (OutcomeUnknown, False)])
def test_whether_a_byte_was_sent_decides_about_the_outcome(
    kind: type[NetworkError], known: bool
) -> None:
    assert network_error(kind, "x", original=requests.ConnectionError()).outcome_known is known


def test_every_error_is_drawn_in_the_tree_and_documented() -> None:
    for name in errors.__all__:
        assert name in errors.__doc__
        assert vars(errors)[name].__doc__
        assert issubclass(vars(errors)[name], WeChatPayError)


def test_an_unproven_answer_gives_no_code() -> None:
    answer = answer_of(as_json(code="PARAM_ERROR"), status=400)
    error = UnverifiedAnswer("forged", answer=answer, reason="bad_signature")
    assert (error.code, error.http_status, error.request_id) == (None, 400, "08F78BB7")
