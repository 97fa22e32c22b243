"""What things look like: a cancellation, a batch, an item of a batch."""

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from django.db import models
from rest_framework import serializers

from ..models import CancellationBatch, CancellationBatchItem, SubsidyCancellation
from ..models.fields import InstantField
from ..orders import ReasonCode
from ..outcomes import advice
from .addresses import batch_url, cancellation_url, items_url
from .fields import MomentField
from .results import Result
from .tallies import Tally

MOMENTS: Final = {models.DateTimeField: MomentField, InstantField: MomentField}


class CancellationSerializer(serializers.ModelSerializer[SubsidyCancellation]):
    """A cancellation: what was asked for, what became of it, and what follows from that."""

    serializer_field_mapping: ClassVar = {
        **serializers.ModelSerializer.serializer_field_mapping,
        **MOMENTS,
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


class CountsOfItems(serializers.Serializer[Any]):
    """How many items of a batch there are, by what became of them."""

    total = serializers.SerializerMethodField()
    waiting = serializers.IntegerField()
    asked = serializers.IntegerField()
    exists = serializers.IntegerField()
    duplicate = serializers.IntegerField()
    refused = serializers.IntegerField()

    def get_total(self, counts: Mapping[str, int]) -> int:
        """All of them."""
        return sum(counts.values())


class CountsOfCancellations(serializers.Serializer[Any]):
    """How many cancellations of a batch there are, by their status."""

    pending = serializers.IntegerField()
    sending = serializers.IntegerField()
    succeeded = serializers.IntegerField()
    failed = serializers.IntegerField()
    needs_review = serializers.IntegerField()
    withdrawn = serializers.IntegerField()


class BatchSerializer(serializers.ModelSerializer[CancellationBatch]):
    """A batch, and how it stands in numbers."""

    # `tallies` of the context has the numbers.

    serializer_field_mapping: ClassVar = {
        **serializers.ModelSerializer.serializer_field_mapping,
        **MOMENTS,
    }

    source: Any = serializers.CharField(read_only=True)  # as of a cancellation
    url = serializers.SerializerMethodField()
    items_url = serializers.SerializerMethodField()
    is_final = serializers.SerializerMethodField()
    nobody_is_sending = serializers.SerializerMethodField()
    item_counts = serializers.SerializerMethodField()
    cancellation_counts = serializers.SerializerMethodField()

    class Meta:
        model = CancellationBatch
        fields = [
            "id",
            "url",
            "items_url",
            "status",
            "is_final",
            "source",
            "description",
            "item_counts",
            "cancellation_counts",
            "nobody_is_sending",
            "requested_by",
            "requested_by_name",
            "confirmed_by",
            "confirmed_by_name",
            "stopped_by_name",
            "stop_note",
            "created_at",
            "confirmed_at",
            "stopped_at",
        ]
        read_only_fields = fields

    def tally(self, batch: CancellationBatch) -> Tally:
        """The batch in numbers."""
        found: Tally = self.context["tallies"][batch.pk]
        return found

    def get_url(self, batch: CancellationBatch) -> str:
        """Where it is."""
        return batch_url(batch.pk, request=self.context["request"])

    def get_items_url(self, batch: CancellationBatch) -> str:
        """Where its items are."""
        return items_url(batch.pk, request=self.context["request"])

    def get_is_final(self, batch: CancellationBatch) -> bool:
        """Whether nothing more happens to it unless a person acts; a draft waits to be confirmed."""
        is_draft = batch.status == CancellationBatch.Status.DRAFT
        return not is_draft and not self.tally(batch).is_open

    def get_nobody_is_sending(self, batch: CancellationBatch) -> bool:
        """Whether something of it has been due for over five minutes, and nobody has swept for as long."""
        return self.tally(batch).is_neglected

    def get_item_counts(self, batch: CancellationBatch) -> dict[str, Any]:
        """How many items there are, by what became of them."""
        return dict(CountsOfItems(self.tally(batch).items).data)

    def get_cancellation_counts(self, batch: CancellationBatch) -> dict[str, Any]:
        """How many cancellations it asked for or found, by their status."""
        return dict(CountsOfCancellations(self.tally(batch).cancellations).data)


class CancellationOfItem(serializers.ModelSerializer[SubsidyCancellation]):
    """A cancellation as an item shows it: enough to know whether to look at it."""

    url = serializers.SerializerMethodField()
    status = serializers.CharField(read_only=True)  # as of the cancellation itself
    is_final = serializers.BooleanField(read_only=True)

    class Meta:
        model = SubsidyCancellation
        fields = ["id", "url", "status", "reason", "is_final"]
        read_only_fields = fields

    def get_url(self, cancellation: SubsidyCancellation) -> str:
        """Where it is."""
        return cancellation_url(cancellation.pk, request=self.context["request"])


class BatchItemSerializer(serializers.ModelSerializer[CancellationBatchItem]):
    """An item of a batch: which transaction it is, and what became of it."""

    # Items as `results.as_seen` has them. `cancellations` of the context has those that exist for the
    # caller, by key.

    result = serializers.SerializerMethodField()
    code = serializers.SerializerMethodField()
    detail = serializers.SerializerMethodField()
    cancellation = serializers.SerializerMethodField()

    class Meta:
        model = CancellationBatchItem
        fields = [
            "position",
            "result",
            "code",
            "detail",
            "cancellation",
            "order_model",
            "order_pk",
            "order_reference",
            "merchant",
            "sub_mchid",
            "transaction_id",
            "refund_id",
            "description",
            "partial",
            "paid_amount",
            "refunded_amount",
            "subsidy_amount",
        ]
        read_only_fields = fields

    def shown(self, item: CancellationBatchItem) -> SubsidyCancellation | None:
        """The item's cancellation, if it exists for the caller."""
        found: SubsidyCancellation | None = self.context["cancellations"].get(item.cancellation_id)
        return found

    def get_result(self, item: Any) -> Result:
        """What became of it."""
        return Result(item.seen_result)

    def get_code(self, item: Any) -> str:
        """Why it was not asked for; empty if it was, or waits."""
        return str(item.seen_code)

    def get_detail(self, item: Any) -> str:
        """The same in words: in the language of the request, the shop's own as they were written."""
        if item.message and not item.is_hidden:
            return str(item.message)
        code = self.get_code(item)
        return str(ReasonCode(code).label) if code in ReasonCode else ""

    def get_cancellation(self, item: CancellationBatchItem) -> dict[str, Any] | None:
        """The cancellation that it asked for, or that was there before."""
        cancellation = self.shown(item)
        if cancellation is None:
            return None
        return dict(CancellationOfItem(cancellation, context=self.context).data)
