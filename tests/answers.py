"""Answers and errors of the protocol, made by hand for tests of what they mean."""

from typing import Any

from requests.structures import CaseInsensitiveDict

from wechat_subsidies import wechatpay
from wechat_subsidies.wechatpay import Answer, APIError, CancelResult
from wechat_subsidies.wechatpay.errors import api_error_class


def make_answer(status: int = 200, body: bytes = b"{}") -> Answer:
    return Answer(
        http_status=status,
        headers=CaseInsensitiveDict({"Request-ID": "0809A-1"}),
        body=body,
        host="127.0.0.1",
        elapsed=0.1,
    )


def api_error(status: int, code: str | None, message: str = "words") -> APIError:
    return api_error_class(status)(answer=make_answer(status), code=code, message=message)


def result(value: Any) -> CancelResult:
    return CancelResult(
        sub_mchid="1900013401",
        transaction_id="T1",
        refund_id=None,
        result=value,
        description="",
        answer=make_answer(),
    )


def failed(kind: type[wechatpay.WeChatPayError]) -> wechatpay.WeChatPayError:
    if issubclass(kind, wechatpay.UnverifiedAnswer):
        return kind("words", answer=make_answer(), reason="bad_signature")
    if issubclass(kind, wechatpay.AnswerError):
        return kind("words", answer=make_answer())
    if issubclass(kind, wechatpay.ConfigurationError):
        return kind("words", code="missing")
    return kind("words")
