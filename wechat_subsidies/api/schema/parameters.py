"""What an address and the headers may hold."""

from collections.abc import Sequence
from typing import Any, Final

from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers

from .. import fields, filters
from ..idempotency import HEADER, PATTERN, REPLAYED
from .components import Schema, text_schema


def query_parameters(serializer: type[filters.PageSerializer]) -> list[OpenApiParameter]:
    """What a list may be asked for."""
    return [
        OpenApiParameter(
            name,
            query_schema(field),
            OpenApiParameter.QUERY,
            required=False,
            description=str(field.help_text or ""),
            explode=False if isinstance(field, fields.SeveralField) else None,
            style="form" if isinstance(field, fields.SeveralField) else None,
        )
        for name, field in serializer().fields.items()
    ]


def query_schema(field: Any) -> Schema:
    """The schema of a parameter of an address."""
    match field:
        case fields.SeveralField():
            most = fields.SeveralField.MOST
            return {
                "type": "array",
                "items": query_schema(field.child),
                "minItems": 1,
                "maxItems": most,
            }
        case serializers.ChoiceField():
            return {"type": "string", "enum": list(field.choices)}
        case serializers.IntegerField():
            bounds: Schema = {"minimum": field.min_value, "maximum": field.max_value}
            return {"type": "integer", **bounds}
        case fields.MomentField():
            return {"type": "string", "format": "date-time"}
    return text_schema(field)


KEY: Final = OpenApiParameter(
    "id", {"type": "integer", "minimum": 1}, OpenApiParameter.PATH, required=True
)
IDEMPOTENCY_KEY: Final = OpenApiParameter(
    HEADER,
    {"type": "string", "pattern": f"^(?:{PATTERN})$"},
    OpenApiParameter.HEADER,
    required=False,
    description=(
        "A new one for each request that is meant to be a new one. A repeat of the same request gets "
        "the same status, with what it is about as it is by then, and the header Idempotent-Replayed."
    ),
)
IF_NONE_MATCH: Final = OpenApiParameter(
    "If-None-Match", str, OpenApiParameter.HEADER, required=False, description="An ETag."
)
SENT_ONCE: Final = [
    OpenApiParameter(
        REPLAYED, {"type": "string", "enum": ["true"]}, OpenApiParameter.HEADER, response=True
    )
]


def header(name: str, schema: Schema, *, of: Sequence[int]) -> OpenApiParameter:
    """A header of the answers with these statuses."""
    return OpenApiParameter(name, schema, OpenApiParameter.HEADER, response=list(of))


LOCATION: Final = {"type": "string", "format": "uri"}
SECONDS: Final = {"type": "string", "pattern": "^[0-9]+$"}
