"""What there is: fields, bodies, and what is shown."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from drf_spectacular.extensions import OpenApiSerializerExtension, OpenApiSerializerFieldExtension
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from ...conf import app_settings
from ...models import SubsidyCancellation
from .. import bodies, fields
from ..serializers import (
    BatchItemSerializer,
    BatchSerializer,
    CancellationOfItem,
    CancellationSerializer,
    CountsOfCancellations,
    CountsOfItems,
)

Schema = dict[str, Any]


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
    detail = serializers.CharField(help_text="For people, in the language of the request.")


class ErrorSerializer(serializers.Serializer[Any]):
    """Everything that goes wrong; `fields` is there where fields of the body or the address are wrong."""

    code = serializers.CharField(help_text="For machines: stable.")
    detail = serializers.CharField(help_text="For people, in the language of the request.")
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
