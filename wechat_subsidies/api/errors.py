"""The one shape of everything that goes wrong: a code for machines, words for people, field by field.

    {"code": "invalid", "detail": "…", "fields": {"transaction_id": [{"code": "…", "detail": "…"}]}}

`fields` is there only where fields are wrong.
"""

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, Final

from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.http import Http404
from django.utils.functional import Promise
from rest_framework import exceptions as drf
from rest_framework.response import Response
from rest_framework.settings import api_settings

from ..exceptions import ConcurrentRequest, Conflict

MOST_SHOWN: Final = 50  # errors of one body that an answer names
SHORT_WHILE: Final = 1  # seconds until whoever records the same order is done

LONGEST_NAME: Final = 64  # characters of a name from a body that an answer repeats
UNKNOWN_FIELD: Final = "unknown_field"
REPEATED: Final = "repeated"

# DRF's codes, by the names that the services use for the same.
CODES: Final = {
    "blank": "required",
    "max_length": "too_long",
    "max_string_length": "too_long",
    "min_value": "out_of_range",
    "max_value": "out_of_range",
    "invalid_choice": "unknown_value",
    "null_characters_not_allowed": "invalid_characters",
    "surrogate_characters_not_allowed": "invalid_characters",
}


class Refusal(drf.APIException):
    """409: what is recorded, or being recorded, does not allow it."""

    status_code = 409
    default_code = "conflict"

    def __init__(self, error: Conflict | ConcurrentRequest) -> None:
        super().__init__(str(error), code=error.code)
        if isinstance(error, ConcurrentRequest):
            self.wait = SHORT_WHILE


class NotNow(drf.APIException):
    """409: the state of what the request is about does not allow it."""

    status_code = 409
    default_code = "conflict"

    def __init__(self, words: str, *, code: str, wait: int | None = None) -> None:
        super().__init__(words, code=code)
        self.wait = wait


def refused(field: str, *, code: str, words: str | Promise) -> drf.ValidationError:
    """What to raise for one wrong field."""
    return drf.ValidationError({field: [drf.ErrorDetail(str(words), code=code)]})


def answer(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """The answer to an error that a view raised; None for one that nobody foresaw.

    Stands where DRF has the host's EXCEPTION_HANDLER, whose shape callers would not know.
    """
    known = as_drf(error)
    if known is None:
        return None
    return Response(body(known), status=known.status_code, headers=headers(known))


def as_drf(error: Exception) -> drf.APIException | None:
    """The error as one of DRF's; None for one that nobody foresaw."""
    match error:
        case drf.APIException():
            return error
        case Http404():
            return drf.NotFound()
        case PermissionDenied():
            return drf.PermissionDenied()
        case SuspiciousOperation():  # such as a form of too many fields
            return drf.ParseError()
        case Conflict() | ConcurrentRequest():
            return Refusal(error)
    return None


def body(error: drf.APIException) -> dict[str, Any]:
    """The error in its one shape."""
    detail = error.detail
    if isinstance(detail, drf.ErrorDetail):
        return {"code": detail.code, "detail": str(detail)}
    if isinstance(error, drf.ValidationError):
        return body_of_invalid(detail)
    # Of the host's authentication or permissions, with a structure of their own.
    return {"code": error.default_code, "detail": str(error.default_detail)}


def body_of_invalid(detail: Any) -> dict[str, Any]:
    """The shape of a ValidationError: of fields, of the body as a whole, or both."""
    fields: dict[str, list[drf.ErrorDetail]] = {}
    words: list[str] = []
    for path, error in islice(each_error(detail, path=()), MOST_SHOWN):
        if path:
            fields.setdefault(".".join(path), []).append(error)
        else:
            words.append(str(error))
    words += [f"{name}: {each}" for name, errors in fields.items() for each in errors]
    shown = {name: [field_error(each) for each in errors] for name, errors in fields.items()}
    return {"code": "invalid", "detail": " ".join(words)} | ({"fields": shown} if shown else {})


def each_error(
    detail: Any, *, path: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], drf.ErrorDetail]]:
    """Each error with the way to its field, such as `items`, `3`, `order`; empty for the body as a whole."""
    if isinstance(detail, drf.ErrorDetail):
        yield path, detail
    elif isinstance(detail, Mapping):
        for key, each in detail.items():
            is_below = key != api_settings.NON_FIELD_ERRORS_KEY or is_of_a_name(each)
            yield from each_error(each, path=(*path, str(key)) if is_below else path)
    else:
        for each in detail:
            yield from each_error(each, path=path)


def is_of_a_name(detail: Any) -> bool:
    """Whether these errors are of a field of a body that is called like the errors of the whole."""
    return any(getattr(each, "code", "") in {UNKNOWN_FIELD, REPEATED} for each in detail)


def printable(name: str) -> str:
    """A name from a body as it can be answered: half a surrogate pair cannot be encoded."""
    return name[:LONGEST_NAME].encode(errors="backslashreplace").decode()


def field_error(error: drf.ErrorDetail) -> dict[str, str]:
    """One thing that is wrong with one field."""
    code = str(error.code)
    return {"code": CODES.get(code, code), "detail": str(error)}


def headers(error: drf.APIException) -> dict[str, str]:
    """The headers that go with an error: how to authenticate, and when to try again."""
    wanted = {
        "WWW-Authenticate": getattr(error, "auth_header", None),
        "Retry-After": getattr(error, "wait", None),
    }
    return {name: str(value) for name, value in wanted.items() if value}
