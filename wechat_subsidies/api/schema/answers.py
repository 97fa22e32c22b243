"""What is answered: to who looks through a list, to who looks at one, to who has something done."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from drf_spectacular.settings import spectacular_settings
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema

from .. import filters
from ..pagination import KeysetPagination
from . import examples
from .components import ErrorSerializer, Schema
from .parameters import (
    IDEMPOTENCY_KEY,
    IF_NONE_MATCH,
    KEY,
    LOCATION,
    SECONDS,
    SENT_ONCE,
    header,
    query_parameters,
)

JSON: Final = "application/json"
TAG: Final = "subsidies"


class DescribedPages(KeysetPagination):
    """Pages, described; drf-spectacular leaves it to them to say in 3.1's way what may be null."""

    def get_paginated_response_schema(self, schema: Schema) -> Schema:
        """The schema of a page."""
        link: Schema = {"type": "string", "format": "uri"}
        is_older = str(spectacular_settings.OAS_VERSION).startswith("3.0")
        link |= {"nullable": True} if is_older else {"type": ["string", "null"]}
        return {
            "type": "object",
            "required": ["next", "previous", "results"],
            "properties": {"next": link, "previous": dict(link), "results": schema},
        }


def example(value: Mapping[str, Any], *, name: str = "", of: int | None = None) -> OpenApiExample:
    """An example of a body, or of the answer with that status."""
    where = {"request_only": True} if of is None else {"response_only": True, "status_codes": [of]}
    return OpenApiExample(name or f"{of}", value=dict(value), media_type=JSON, **where)


def errors(*statuses: int) -> dict[int | str, OpenApiResponse]:
    """The answers to what goes wrong."""
    return {
        status: OpenApiResponse(ErrorSerializer, description=WORDS[status])
        for status in (*statuses, *ALWAYS)
    }


ALWAYS: Final = (401, 403, 405, 406, 429)
WORDS: Final = {
    400: "Something is wrong with the body or the address; see `fields`. Nothing was done.",
    401: "Who calls is not known.",
    403: "The caller may not do this.",
    404: "There is none, or not for this caller.",
    405: "This is not done here.",
    406: "The answer is not to be had in this format.",
    409: "What is there, or at work, does not allow it; see `code`.",
    415: "The body is of a type that is not read here.",
    422: "The Idempotency-Key came with another request before.",
    429: "Too many requests; see Retry-After.",
}


LISTING: Final = (
    "All conditions hold together. Take `next` and `previous` as they are. To be told of changes, ask "
    "for `updated_since` the moment of the last time less a minute, ordered by `updated_at`: what takes "
    "long to be written has an earlier moment."
)
LOOKING: Final = "Send the ETag as If-None-Match: 304 is the answer while nothing has changed."


def listed(
    what: Any,
    *,
    name: str,
    summary: str,
    wanted: type[filters.PageSerializer],
    of_one: bool = False,
) -> Any:
    """A page of a list."""
    return extend_schema(
        operation_id=name,
        tags=[TAG],
        summary=summary,
        description=LISTING,
        parameters=[
            *([KEY] if of_one else []),
            *query_parameters(wanted),
            IF_NONE_MATCH,
            header("ETag", {"type": "string"}, of=[200, 304]),
        ],
        responses={
            200: what(many=True),
            304: OpenApiResponse(description="As it was."),
            **errors(400, *([404] if of_one else [])),
        },
    )


def shown(what: Any, *, name: str, summary: str, value: Mapping[str, Any]) -> Any:
    """One of them."""
    return extend_schema(
        operation_id=name,
        tags=[TAG],
        summary=summary,
        description=LOOKING,
        parameters=[
            KEY,
            IF_NONE_MATCH,
            header("ETag", {"type": "string"}, of=[200, 304]),
            header("Retry-After", SECONDS, of=[200, 304]),
        ],
        responses={200: what, 304: OpenApiResponse(description="As it was."), **errors(404)},
        examples=[example(value, of=200)],
    )


def posted(
    body: Any,
    answers: Mapping[int, Any],
    *,
    name: str,
    summary: str,
    given: Sequence[OpenApiExample],
    description: str = "",
    of_one: bool = True,
) -> Any:
    """Something that is done."""
    located = [status for status in answers if status in {201, 202}]
    return extend_schema(
        operation_id=name,
        tags=[TAG],
        summary=summary,
        description=description or f"{summary}.",
        parameters=[
            *([KEY] if of_one else []),
            IDEMPOTENCY_KEY,
            *SENT_ONCE,
            *([header("Location", LOCATION, of=located)] if located else []),
            *([header("Retry-After", SECONDS, of=[202])] if 202 in answers else []),
        ],
        request={JSON: body},
        responses={**answers, **errors(400, *([404] if of_one else []), 409, 415, 422)},
        examples=[
            *given,
            example(examples.INVALID, of=400),
            example(examples.CONFLICT, of=409),
        ],
    )
