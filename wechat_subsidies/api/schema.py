"""The API as OpenAPI says it, for hosts with drf-spectacular among their INSTALLED_APPS.

Imported by `urls` in that case alone. What views and serializers say by themselves is not said again:
here are the answers, the headers and the examples, and what bodies may not hold together.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from drf_spectacular.extensions import (
    OpenApiSerializerExtension,
    OpenApiSerializerFieldExtension,
    OpenApiViewExtension,
)
from drf_spectacular.settings import spectacular_settings
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiParameter,
    OpenApiResponse,
    extend_schema,
    extend_schema_field,
    extend_schema_serializer,
    extend_schema_view,
)
from rest_framework import serializers

from ..conf import app_settings
from ..models import SubsidyCancellation
from . import bodies, examples, fields, filters
from .idempotency import HEADER, PATTERN, REPLAYED
from .pagination import KeysetPagination
from .serializers import (
    BatchItemSerializer,
    BatchSerializer,
    CancellationOfItem,
    CancellationSerializer,
    CountsOfCancellations,
    CountsOfItems,
)

Schema = dict[str, Any]

JSON: Final = "application/json"
TAG: Final = "subsidies"
DECISIONS: Final = "wechat_subsidies.api.decisions."
BATCHES: Final = "wechat_subsidies.api.batches."
VIEWS: Final = "wechat_subsidies.api.views."


# Fields


class Moments(OpenApiSerializerFieldExtension):  # type: ignore[no-untyped-call]
    """A moment."""

    target_class = fields.MomentField

    def map_serializer_field(self, auto_schema: Any, direction: str) -> Schema:
        """Its schema."""
        return {"type": "string", "format": "date-time"}


class Keys(OpenApiSerializerFieldExtension):  # type: ignore[no-untyped-call]
    """The key of an order."""

    target_class = fields.KeyField

    def map_serializer_field(self, auto_schema: Any, direction: str) -> Schema:
        """Its schema."""
        return {"oneOf": [text_schema(self.target), {"type": "integer"}]}


class Texts(OpenApiSerializerFieldExtension):  # type: ignore[no-untyped-call]
    """A text of ours: not empty, and without characters that no database stores."""

    target_class = fields.TextField
    match_subclasses = True
    priority = -1

    def map_serializer_field(self, auto_schema: Any, direction: str) -> Schema:
        """Its schema."""
        return text_schema(self.target)


def text_schema(field: Any) -> Schema:
    """The schema of a text field."""
    schema: Schema = {"type": "string"}
    if not field.allow_blank:
        schema["minLength"] = 1
    if field.max_length:
        schema["maxLength"] = field.max_length
    is_identifier = isinstance(field, fields.IdentifierField)
    schema["pattern"] = r"^[A-Za-z0-9_\-|*@]+$" if is_identifier else r"^[^\u0000]*$"
    return schema


class Lists(OpenApiSerializerFieldExtension):  # type: ignore[no-untyped-call]
    """A list of at least one and not too many."""

    target_class = bodies.BoundedListField

    def map_serializer_field(self, auto_schema: Any, direction: str) -> Schema:
        """Its schema; the bound is that of the settings."""
        schema: Schema = auto_schema._map_serializer_field(
            self.target, direction, bypass_extensions=True
        )
        return {**schema, "minItems": 1, "maxItems": app_settings.api["MAX_BATCH"]}


# Serializers


class Bodies(OpenApiSerializerExtension):  # type: ignore[no-untyped-call]
    """A body of which every field is known."""

    target_class = bodies.StrictSerializer
    match_subclasses = True

    def map_serializer(self, auto_schema: Any, direction: str) -> Schema:
        """The schema, in which no other field is allowed."""
        schema: Schema = auto_schema._map_serializer(self.target, direction, bypass_extensions=True)
        ways: Mapping[str, Sequence[str]] = WAYS.get(type(self.target), {})
        if not ways:
            return {**schema, "additionalProperties": False}
        required = schema.pop("required", [])
        return {
            "oneOf": [
                only(schema, way=way, allowed=[way, *others], required=required)
                for way, others in ways.items()
            ]
        }


# The bodies that name orders in one of several ways: what each takes, and what goes with it.
NEW: Final = bodies.NewCancellationSerializer
WAYS: Final[Mapping[type, Mapping[str, Sequence[str]]]] = {
    NEW: {
        "transaction_id": ["sub_mchid", "merchant"],
        "order": ["order_model"],
        "order_reference": ["order_model"],
    },
    bodies.NewBatchSerializer: {"orders": ["order_model"], "items": []},
}


def only(schema: Schema, *, way: str, allowed: Sequence[str], required: Sequence[str]) -> Schema:
    """The schema of a body that names orders in this way."""
    several = {
        each for ways in WAYS.values() for way, others in ways.items() for each in [way, *others]
    }
    kept = {
        name: each
        for name, each in schema["properties"].items()
        if name in allowed or name not in several
    }
    also = NEW.REQUIRED if way == "transaction_id" else [way]
    return {
        "type": "object",
        "properties": kept,
        "required": sorted({*required, *also}),
        "additionalProperties": False,
    }


class Cancellations(OpenApiSerializerExtension):  # type: ignore[no-untyped-call]
    """A cancellation."""

    target_class = CancellationSerializer

    def map_serializer(self, auto_schema: Any, direction: str) -> Schema:
        """The schema, in which `differs` need not be there, and nothing may be proven yet."""
        schema: Schema = auto_schema._map_serializer(self.target, direction, bypass_extensions=True)
        schema["required"] = [name for name in schema["required"] if name != "differs"]
        proofs = SubsidyCancellation.Proof.values
        schema["properties"]["proof"] = {"type": "string", "enum": ["", *proofs], "readOnly": True}
        return schema


class BatchWithItemsSerializer(serializers.Serializer[Any]):
    """A batch as the answer to having been asked for: with what became of each item."""

    items = BatchItemSerializer(many=True, read_only=True)


class BatchesWithItems(OpenApiSerializerExtension):  # type: ignore[no-untyped-call]
    """A batch with its items."""

    target_class = BatchWithItemsSerializer

    def map_serializer(self, auto_schema: Any, direction: str) -> Schema:
        """The schema of a batch, and the items besides."""
        items = auto_schema._map_serializer(self.target, direction, bypass_extensions=True)
        batch = auto_schema.resolve_serializer(BatchSerializer, direction)
        return {"allOf": [batch.ref, items]}


class ErrorOfFieldSerializer(serializers.Serializer[Any]):
    """One thing that is wrong with one field."""

    code = serializers.CharField(help_text="For machines: stable.")
    detail = serializers.CharField(help_text="For people, in the language of Accept-Language.")


class ErrorSerializer(serializers.Serializer[Any]):
    """Everything that goes wrong; `fields` is there where fields of the body or the address are wrong."""

    code = serializers.CharField(help_text="For machines: stable.")
    detail = serializers.CharField(help_text="For people, in the language of Accept-Language.")
    fields = serializers.DictField(  # type: ignore[assignment]  # DRF keeps fields and attributes apart
        child=ErrorOfFieldSerializer(many=True), required=False
    )


# Names that no component of the host's is likely to have.
NAMES: Final[Mapping[type, str]] = {
    CancellationSerializer: "SubsidyCancellation",
    CancellationOfItem: "SubsidyCancellationOfItem",
    BatchSerializer: "SubsidyBatch",
    BatchWithItemsSerializer: "SubsidyBatchWithItems",
    BatchItemSerializer: "SubsidyBatchItem",
    CountsOfItems: "SubsidyBatchItemCounts",
    CountsOfCancellations: "SubsidyBatchCancellationCounts",
    bodies.NewCancellationSerializer: "NewSubsidyCancellation",
    bodies.RetrySerializer: "SubsidyRetry",
    bodies.WithdrawSerializer: "SubsidyWithdrawal",
    bodies.ResolveSerializer: "SubsidyResolution",
    bodies.NewBatchSerializer: "NewSubsidyBatch",
    bodies.ConfirmSerializer: "SubsidyBatchConfirmation",
    bodies.StopSerializer: "SubsidyBatchStop",
    ErrorSerializer: "SubsidyError",
    ErrorOfFieldSerializer: "SubsidyErrorOfField",
}
for serializer, component in NAMES.items():
    extend_schema_serializer(component_name=component)(serializer)

# What methods show.
SHOWN: Final[Sequence[tuple[Any, Any]]] = [
    (CancellationSerializer.get_url, OpenApiTypes.URI),
    (CancellationOfItem.get_url, OpenApiTypes.URI),
    (BatchSerializer.get_url, OpenApiTypes.URI),
    (BatchSerializer.get_items_url, OpenApiTypes.URI),
    (BatchSerializer.get_item_counts, CountsOfItems),
    (BatchSerializer.get_cancellation_counts, CountsOfCancellations),
    (BatchItemSerializer.get_cancellation, CancellationOfItem(allow_null=True)),
]
for method, what in SHOWN:
    extend_schema_field(what)(method)


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


# Parameters


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


# Answers


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


# Views

ASKING: Final = (
    "Safe to repeat: one transaction has one cancellation. 201: recorded and finished, whatever came "
    "of it; 202: recorded, now or before, and not finished; 200: was there before, and is finished."
)
MANY: Final = (
    "`orders` are keys of orders, of which each transaction is an item; `items` are bodies of single "
    "cancellations, each one item. With `draft` nothing is asked for before it is confirmed. What speaks "
    "against an item is in its `code`, and the others go on: 202 also where nothing is left to ask for."
)
OPERATIONS: Final[Mapping[str, Mapping[str, Any]]] = {
    f"{VIEWS}CancellationList": {
        "get": listed(
            CancellationSerializer,
            name="subsidies_cancellations_list",
            summary="The cancellations, the newest first",
            wanted=filters.CancellationFilters,
        ),
        "post": posted(
            bodies.NewCancellationSerializer,
            {
                201: OpenApiResponse(CancellationSerializer, description="Recorded and finished."),
                202: OpenApiResponse(CancellationSerializer, description="Not finished."),
                200: OpenApiResponse(CancellationSerializer, description="Was there before."),
            },
            name="subsidies_cancellations_create",
            summary="Ask for the cancellation of one order's subsidy",
            description=ASKING,
            given=[
                example(examples.REQUEST, name="by transaction"),
                example({"order": "42", "partial": True}, name="by order"),
                example({"order_reference": "SC1004"}, name="by reference"),
                example(examples.CANCELLATION, of=201),
                example(examples.WAITING, of=202),
                example(examples.CANCELLATION, of=200),
            ],
            of_one=False,
        ),
    },
    f"{VIEWS}CancellationDetail": {
        "get": shown(
            CancellationSerializer,
            name="subsidies_cancellations_retrieve",
            summary="One cancellation",
            value=examples.CANCELLATION,
        )
    },
    f"{DECISIONS}Retry": {
        "post": posted(
            bodies.RetrySerializer,
            {200: CancellationSerializer, 202: CancellationSerializer},
            name="subsidies_cancellations_retry",
            summary="Send a refused one again, or one that needs review",
            given=[
                example({"description": "订单退款"}, name="corrected"),
                example(examples.WAITING, of=202),
            ],
        )
    },
    f"{DECISIONS}Withdraw": {
        "post": posted(
            bodies.WithdrawSerializer,
            {200: CancellationSerializer},
            name="subsidies_cancellations_withdraw",
            summary="Take back what waits and was certainly not carried out",
            given=[example({"note": "误操作"}, name="with a note")],
        )
    },
    f"{DECISIONS}Resolve": {
        "post": posted(
            bodies.ResolveSerializer,
            {200: CancellationSerializer},
            name="subsidies_cancellations_resolve",
            summary="State what a person has seen in WeChat Pay's merchant platform",
            given=[example({"succeeded": True, "note": "商户平台显示已取消"}, name="seen")],
        )
    },
    f"{BATCHES}BatchList": {
        "get": listed(
            BatchSerializer,
            name="subsidies_batches_list",
            summary="The batches, the newest first",
            wanted=filters.BatchFilters,
        ),
        "post": posted(
            bodies.NewBatchSerializer,
            {202: BatchWithItemsSerializer},
            name="subsidies_batches_create",
            summary="Ask for many at once, or draft it",
            description=MANY,
            given=[
                example(examples.ORDERS, name="orders"),
                example(examples.ITEMS, name="items"),
                example(examples.BATCH | {"items": [examples.ITEM, examples.REFUSED_ITEM]}, of=202),
            ],
            of_one=False,
        ),
    },
    f"{BATCHES}BatchDetail": {
        "get": shown(
            BatchSerializer,
            name="subsidies_batches_retrieve",
            summary="One batch, and how it stands in numbers",
            value=examples.BATCH,
        )
    },
    f"{BATCHES}BatchItems": {
        "get": listed(
            BatchItemSerializer,
            name="subsidies_batches_items",
            summary="What became of each item of a batch",
            wanted=filters.ItemFilters,
            of_one=True,
        )
    },
    f"{BATCHES}ConfirmBatch": {
        "post": posted(
            bodies.ConfirmSerializer,
            {200: BatchSerializer, 202: BatchSerializer},
            name="subsidies_batches_confirm",
            summary="Confirm a draft: from here on it is frozen and asked for",
            given=[
                example({"ticked_items": [1]}, name="with an explicit yes to one item"),
                example(examples.BATCH, of=202),
            ],
        )
    },
    f"{BATCHES}StopBatch": {
        "post": posted(
            bodies.StopSerializer,
            {200: BatchSerializer, 202: BatchSerializer},
            name="subsidies_batches_stop",
            summary="Stop a batch: nothing more is asked for, what waits is withdrawn",
            given=[example({"note": "选错了订单"}, name="with the reason")],
        )
    },
}


def describe(view: str, operations: Mapping[str, Any]) -> None:
    """Have drf-spectacular know what a view of ours does."""

    class Described(OpenApiViewExtension):  # type: ignore[no-untyped-call]
        target_class = view

        def view_replacement(self) -> Any:
            """The view, described; the one that is served is left as it is."""
            changed = {"__doc__": self.target.__doc__, "pagination_class": DescribedPages}
            same = type(self.target.__name__, (self.target,), changed)
            return extend_schema_view(**operations)(same)


for name, operations in OPERATIONS.items():
    describe(name, operations)
