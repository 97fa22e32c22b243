"""What a list may be asked for: which rows, in which order, which page."""

from collections.abc import Mapping
from typing import Any, ClassVar, Final, TypeVar

from django.db.models import Q
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.settings import api_settings

from .. import outcomes
from ..models import CancellationBatch, SubsidyCancellation
from ..orders import adapters
from .bodies import StrictSerializer, length_of
from .errors import REPEATED
from .fields import LARGEST_INTEGER, IdentifierField, KeyField, MomentField, SeveralField, TextField
from .pagination import KeysetPagination, Ordering
from .results import Result

Rows = TypeVar("Rows", bound="Any")

REASONS: Final = sorted({*outcomes.MEANINGS, *outcomes.HISTORIES})


class PageSerializer(StrictSerializer):
    """Which page of a list, in which order; subclasses add which rows."""

    cursor = TextField(required=False, help_text=_("From “next” or “previous” of another page."))
    page_size = serializers.IntegerField(
        required=False,
        min_value=1,
        max_value=KeysetPagination.max_page_size,
        help_text=_("50 if it is not given."),
    )

    ORDERED: ClassVar[str] = "-id"
    LOOKUPS: ClassVar[Mapping[str, str]] = {}  # that filters stand for, by the name of the filter

    def filtered(self, rows: Rows) -> Rows:
        """Those of the rows that are asked for."""
        values = self.validated_data
        given = {lookup: values[name] for name, lookup in self.LOOKUPS.items() if name in values}
        found: Rows = rows.filter(**given)
        return found

    @property
    def order_by(self) -> Ordering:
        """The order asked for, or the usual one."""
        return Ordering.of(self.validated_data.get("ordering", self.ORDERED))


class CancellationFilters(PageSerializer):
    """Which cancellations: all conditions that are given hold together."""

    status = SeveralField(child=serializers.ChoiceField(choices=SubsidyCancellation.Status.values))
    reason = SeveralField(child=serializers.ChoiceField(choices=REASONS))
    merchant = TextField(required=False, max_length=length_of("merchant"))
    sub_mchid = IdentifierField(required=False, max_length=length_of("sub_mchid"))
    transaction_id = IdentifierField(required=False, max_length=length_of("transaction_id"))
    refund_id = IdentifierField(required=False, max_length=length_of("refund_id"))
    scope = TextField(required=False, max_length=length_of("scope"))
    order = KeyField(required=False, max_length=length_of("order_pk"))
    order_model = TextField(required=False, max_length=length_of("order_model"))
    order_reference = TextField(required=False, max_length=length_of("order_reference"))
    batch = serializers.IntegerField(required=False, min_value=1, max_value=LARGEST_INTEGER)
    created_since = MomentField(required=False)
    created_before = MomentField(required=False)
    updated_since = MomentField(required=False)
    updated_before = MomentField(required=False)
    ordering = serializers.ChoiceField(
        required=False,
        choices=["-id", "id", "-created_at", "created_at", "-updated_at", "updated_at"],
    )

    LOOKUPS: ClassVar[Mapping[str, str]] = {
        "status": "status__in",
        "reason": "reason__in",
        "merchant": "merchant",
        "sub_mchid": "sub_mchid",
        "transaction_id": "transaction_id",
        "refund_id": "refund_id",
        "scope": "scope",
        "order": "order_pk",
        "order_model": "order_model",
        "order_reference": "order_reference",
        "created_since": "created_at__gte",
        "created_before": "created_at__lt",
        "updated_since": "updated_at__gte",
        "updated_before": "updated_at__lt",
    }

    def filtered(self, rows: Rows) -> Rows:
        """Those of the cancellations that are asked for; `batch` is left to the view."""
        found = super().filtered(rows)
        if "order" in self.validated_data and "order_model" not in self.validated_data:
            found = found.filter(self.of_known_models())
        return found

    def of_known_models(self) -> Q:
        """The condition that the order is of a model that is known: an index serves model and key alone."""
        labels = [adapter.label for adapter in adapters().values()]
        return Q(order_model__in=labels) if labels else Q()


class BatchFilters(PageSerializer):
    """Which batches."""

    status = SeveralField(child=serializers.ChoiceField(choices=CancellationBatch.Status.values))
    created_since = MomentField(required=False)
    created_before = MomentField(required=False)
    ordering = serializers.ChoiceField(required=False, choices=["-id", "id"])

    LOOKUPS: ClassVar[Mapping[str, str]] = {
        "status": "status__in",
        "created_since": "created_at__gte",
        "created_before": "created_at__lt",
    }


class ItemFilters(PageSerializer):
    """Which items of a batch, as the caller sees them."""

    result = SeveralField(child=serializers.ChoiceField(choices=Result.values))
    code = TextField(required=False, max_length=64)
    ordering = serializers.ChoiceField(required=False, choices=["position", "-position"])

    ORDERED = "position"

    LOOKUPS: ClassVar[Mapping[str, str]] = {"result": "seen_result__in", "code": "seen_code"}


def values_of(query: QueryDict) -> dict[str, str]:
    """The parameters of an address; what belongs to the host's formats and versions is passed over.

    Raises ValidationError for one that is given more than once.
    """
    theirs = {api_settings.URL_FORMAT_OVERRIDE, api_settings.VERSION_PARAM}
    words = _("Given more than once; several values are separated by commas.")
    repeated = {
        name: [ErrorDetail(words, code=REPEATED)]  # type: ignore[arg-type]  # lazy text
        for name, values in query.lists()
        if len(values) > 1 and name not in theirs
    }
    if repeated:
        raise ValidationError(repeated)
    return {name: str(query[name]) for name in query if name not in theirs}
