"""What a cancellation looks like."""

from typing import Any, ClassVar

from django.db import models
from rest_framework import serializers

from ..models import SubsidyCancellation
from ..models.fields import InstantField
from ..outcomes import advice
from .addresses import cancellation_url
from .fields import MomentField


class CancellationSerializer(serializers.ModelSerializer[SubsidyCancellation]):
    """A cancellation as callers see it: its public fields, and what follows from them."""

    serializer_field_mapping: ClassVar = {
        **serializers.ModelSerializer.serializer_field_mapping,
        models.DateTimeField: MomentField,
        InstantField: MomentField,
    }

    url = serializers.SerializerMethodField()
    is_final = serializers.BooleanField(read_only=True)
    can_retry = serializers.BooleanField(read_only=True)
    next_attempt_at = MomentField(read_only=True, allow_null=True)
    advice = serializers.SerializerMethodField()
    differs = serializers.ListField(child=serializers.CharField(), read_only=True)

    class Meta:
        model = SubsidyCancellation
        fields = [
            "id",
            "url",
            "merchant",
            "mchid",
            "sub_mchid",
            "transaction_id",
            "refund_id",
            "description",
            "status",
            "in_doubt",
            "proof",
            "reason",
            "result",
            "error_code",
            "error_message",
            "request_id",
            "attempt_count",
            "send_after",
            "order_model",
            "order_pk",
            "order_reference",
            "scope",
            "paid_amount",
            "refunded_amount",
            "subsidy_amount",
            "source",
            "requested_by",
            "requested_by_name",
            "resolved_by_name",
            "resolved_at",
            "resolution_note",
            "created_at",
            "updated_at",
            "completed_at",
            "is_final",
            "can_retry",
            "next_attempt_at",
            "advice",
            "differs",
        ]
        read_only_fields = fields

    def get_url(self, cancellation: SubsidyCancellation) -> str:
        """Where it is."""
        return cancellation_url(cancellation.pk, request=self.context["request"])

    def get_advice(self, cancellation: SubsidyCancellation) -> str:
        """What happened and what to do next, in the language of the request."""
        return str(advice(cancellation.reason))

    def to_representation(self, instance: SubsidyCancellation) -> dict[str, Any]:
        """The JSON object; `differs` is there only where something does."""
        shown = super().to_representation(instance)
        if not shown["differs"]:
            del shown["differs"]
        return shown
