"""What can go wrong, and whether anything may have been done nevertheless.

::

    WeChatPayError                 .outcome_known  .answer  .http_status  .code  .request_id  ...
    ├── InvalidParameter           (ValueError) refused here; nothing was sent
    ├── ConfigurationError         a setting is wrong; nothing was sent
    │   └── CredentialsError       ... and it is a key, a serial number or a merchant id
    ├── NetworkError               also the original exception of requests
    │   ├── NotSent                no byte of the request was written
    │   │   ├── SlotMissed         ... since the moment for it had passed
    │   │   └── CertificatesUnavailable  ... for want of a key to verify the answer with
    │   └── OutcomeUnknown         it was, at least in part, and no whole answer came back
    └── AnswerError                an answer came back
        ├── APIError               its status says that it is no success
        │   ├── BadRequest         400
        │   ├── SignatureRefused   401
        │   ├── Forbidden          403
        │   ├── NotFound           404
        │   ├── RateLimited        429
        │   ├── ServerError        5xx
        │   └── UnexpectedStatus   any other but 200
        ├── UnverifiedAnswer       nothing proves that it is WeChat Pay's
        ├── MalformedAnswer        it cannot be read
        └── AnswerMismatch         it is WeChat Pay's, and about something else

``outcome_known`` is what a caller that moves money has to look at. True: it is certain that
nothing was done. False: the call may have been carried out.
"""

from typing import Any, ClassVar

from requests import exceptions as requests_exceptions

from .answers import Answer

__all__ = [
    "APIError",
    "AnswerError",
    "AnswerMismatch",
    "BadRequest",
    "CertificatesUnavailable",
    "ConfigurationError",
    "CredentialsError",
    "Forbidden",
    "InvalidParameter",
    "MalformedAnswer",
    "NetworkError",
    "NotFound",
    "NotSent",
    "OutcomeUnknown",
    "RateLimited",
    "ServerError",
    "SignatureRefused",
    "SlotMissed",
    "UnexpectedStatus",
    "UnverifiedAnswer",
    "WeChatPayError",
]


DOUBT = "The call may have been carried out: send the same bytes again later."


def one_line(text: str, *, limit: int = 300) -> str:
    """The text without anything that could break out of a log's line, cut to ``limit`` characters.

    Answers may hold unescaped input of other people's users.
    """
    printable = "".join(character if character.isprintable() else " " for character in text)
    return printable if len(printable) <= limit else printable[: limit - 1] + "…"


class WeChatPayError(Exception):
    """Base of everything that this package raises on purpose.

    ``outcome_known`` says whether it is certain that nothing was done, ``answer`` is what came back
    (None where nothing did). ``code``, ``message`` and ``detail`` are WeChat Pay's own words where
    it gave any; ``code`` is ours, and stable, for what is refused before anything is sent.
    """

    outcome_known: bool = True
    answer: Answer | None = None
    code: str | None = None
    message: str | None = None
    detail: object = None

    def __init__(self, text: str) -> None:
        # Not super(): a network error is an exception of requests as well, and some of those
        # (JSONDecodeError) insist on arguments of their own.
        Exception.__init__(self, text)

    @property
    def http_status(self) -> int | None:
        """The answer's HTTP status; None where no answer came back."""
        return self.answer.http_status if self.answer else None

    @property
    def request_id(self) -> str | None:
        """The answer's ``Request-ID``; None where there is none."""
        return self.answer.request_id if self.answer else None


class InvalidParameter(WeChatPayError, ValueError):
    """A parameter that WeChat Pay would refuse; nothing was sent.

    ``field`` is the parameter's name; ``code`` is ``required``, ``too_long``, ``wrong_type``,
    ``invalid_characters`` or, for a stored request body that cannot be read, ``malformed``.
    """

    code: str

    def __init__(self, text: str, *, field: str, code: str) -> None:
        super().__init__(text)
        self.field = field
        self.code = code


class ConfigurationError(WeChatPayError):
    """A setting of the client is wrong; nothing was sent.

    ``code`` is ``base_url_invalid``, ``base_url_not_https``, ``timeout_invalid`` or
    ``proxy_invalid``.
    """

    code: str

    def __init__(self, text: str, *, code: str) -> None:
        super().__init__(text)
        self.code = code


class CredentialsError(ConfigurationError):
    """A key, serial number or merchant id is not what it should be; nothing was sent.

    ``code`` is one of ``missing``, ``unreadable``, ``wrong_type``, ``not_pem``, ``encrypted``,
    ``not_rsa``, ``public_key_given``, ``private_key_given``, ``certificate_given``,
    ``own_key_given``, ``invalid_mchid``, ``invalid_serial_no``, ``invalid_key_id`` and
    ``invalid_api_v3_key``; or, where WeChat Pay's certificates were asked for, ``public_key_needed``
    (this merchant has none), ``api_v3_key_mismatch`` and ``certificates_refused``. Neither the text
    nor any attribute holds key material.
    """


class NetworkError(WeChatPayError):
    """The network failed. What is raised is also the exception that requests raised.

    ``except requests.ConnectTimeout`` therefore still catches it; ``__cause__`` is the original.
    ``is_outage`` says that nothing was sent because the host was out of reach, so that another one
    is worth a try.
    """

    is_outage: bool = False
    request: Any = None
    response: Any = None


class NotSent(NetworkError):
    """No byte of the request was written: refused, unresolved, too late. Nothing was done."""


class SlotMissed(NotSent):
    """The call's slot had passed before its first byte: it waits for another one."""


class CertificatesUnavailable(NotSent, requests_exceptions.RequestException):
    """There is no key to verify an answer with, and WeChat Pay's certificates could not be had.

    The call was not sent therefore; later it may be. What became of the request for the
    certificates is the ``__cause__``: ``answer`` is None, for none was about this call. ``code`` is
    ``certificates_unavailable``.
    """

    code = "certificates_unavailable"


class OutcomeUnknown(NetworkError):
    """The request was written, at least in part, and no whole answer came back.

    WeChat Pay may have carried it out. Only the same request, sent again later, can tell.
    """

    outcome_known = False


class AnswerError(WeChatPayError):
    """An answer came back that is no success; ``answer`` holds it."""

    answer: Answer
    outcome_known = False
    advice: ClassVar[str] = ""
    doubt: ClassVar[str] = DOUBT

    def __init__(self, text: str, *, answer: Answer) -> None:
        what_to_do = self.advice if self.outcome_known else self.doubt
        super().__init__(f"{one_line(text)} ({_origin(answer)}). {what_to_do}")
        self.answer = answer


class APIError(AnswerError):
    """WeChat Pay, or something between it and us, answered with a status other than 200.

    ``code``, ``message`` and ``detail`` are the body's; each is None where the body (which may be
    a proxy's HTML) does not hold it in the documented form. ``outcome_known`` is True only for the
    documented pairs of status and code: anything else is not guessed at.
    Source: pay.weixin.qq.com/doc/v3/partner/4012477639.
    """

    def __init__(
        self,
        *,
        answer: Answer,
        code: str | None = None,
        message: str | None = None,
        detail: object = None,
    ) -> None:
        self.outcome_known = code in _KNOWN_REFUSALS.get(answer.http_status, ())
        super().__init__(_refusal(code=code, message=message, detail=detail), answer=answer)
        self.code, self.message, self.detail = code, message, detail


class BadRequest(APIError):
    """400: malformed (``PARAM_ERROR``) or against a rule of business (``INVALID_REQUEST``)."""

    advice = "Correct what is named and call again."


class SignatureRefused(APIError):
    """401: our signature does not hold. Every other call will fail as well."""

    advice = "Check the merchant id, its certificate's serial number, the private key, the clock."


class Forbidden(APIError):
    """403: this merchant may not make this call."""

    advice = "Check the merchant's permissions with WeChat Pay."


class NotFound(APIError):
    """404: WeChat Pay does not know the order or the refund, or does not offer the call."""

    advice = "Check the identifiers, and which merchant they belong to."


class RateLimited(APIError):
    """429: not accepted. 200 calls a second per caller, 1 per order and second."""

    advice = "Slow down and send it later."


class ServerError(APIError):
    """5xx: the outcome is unknown. Also what WeChat Pay answers to some wrong credentials."""

    doubt = (
        f"{AnswerError.doubt} If it goes on, check the merchant id, its certificate's serial "
        "number and the private key: wrong ones can cause this."
    )


class UnexpectedStatus(APIError):
    """Any other status but 200, 202 (accepted, not processed) and redirects among them."""


class UnverifiedAnswer(AnswerError):
    """Nothing proves that the answer is WeChat Pay's, so that it is treated as forged.

    That says nothing of the request, which may well have been carried out. ``reason`` is
    ``unsigned``, ``signature_type``, ``stale``, ``unknown_serial`` or ``bad_signature``.
    Source: pay.weixin.qq.com/doc/global/v3/zh/4012354982.
    """

    def __init__(self, text: str, *, answer: Answer, reason: str) -> None:
        super().__init__(text, answer=answer)
        self.reason = reason


class MalformedAnswer(AnswerError):
    """A proven answer that cannot be read, or one that is too long to be read at all."""


class AnswerMismatch(AnswerError):
    """A proven answer that names another order, sub-merchant or refund than the one asked for."""


# What is certainly a refusal, by HTTP status. The set of codes is open: others may appear any day.
_KNOWN_REFUSALS = {
    400: {"PARAM_ERROR", "INVALID_REQUEST"},
    401: {"SIGN_ERROR"},
    403: {"NO_AUTH"},
    404: {"RESOURCE_NOT_EXISTS", "ORDER_NOT_EXIST"},
    429: {"FREQUENCY_LIMITED", "RATELIMIT_EXCEEDED"},
}

_BY_STATUS: dict[int, type[APIError]] = {
    400: BadRequest,
    401: SignatureRefused,
    403: Forbidden,
    404: NotFound,
    429: RateLimited,
}


def api_error_class(http_status: int) -> type[APIError]:
    """The class that stands for an HTTP status other than 200."""
    if 500 <= http_status <= 599:
        return ServerError
    return _BY_STATUS.get(http_status, UnexpectedStatus)


def network_error(kind: type[NetworkError], text: str, *, original: BaseException) -> NetworkError:
    """An instance of ``kind`` that is also of the original's class, if that is one of requests'.

    What is none of theirs (a missing CA bundle's OSError) becomes a ``RequestException``. To be
    raised ``from`` the original.
    """
    error = _also(kind, _requests_class(original))(text)
    error.request = getattr(original, "request", None)
    error.response = getattr(original, "response", None)
    return error


def _requests_class(original: BaseException) -> type[requests_exceptions.RequestException]:
    if isinstance(original, requests_exceptions.RequestException):
        return type(original)
    return requests_exceptions.RequestException


def _also(
    kind: type[NetworkError], original: type[requests_exceptions.RequestException]
) -> type[NetworkError]:
    key = (kind, original)
    if key not in _COMBINED:
        _COMBINED[key] = type(kind.__name__, key, {"__doc__": kind.__doc__})
    return _COMBINED[key]


_COMBINED: dict[tuple[type, type], type[NetworkError]] = {}


def _origin(answer: Answer) -> str:
    request_id = one_line(answer.request_id or "none", limit=100)
    return f"HTTP {answer.http_status} from {answer.host}, Request-ID {request_id}"


def _refusal(*, code: str | None, message: str | None, detail: object) -> str:
    if code is None:
        return "The answer holds no error code of WeChat Pay's"
    words = f"WeChat Pay answered {code}: {message or 'no message'}"
    field = detail.get("field") if isinstance(detail, dict) else None
    return f"{words}; field {field}" if isinstance(field, str) else words
