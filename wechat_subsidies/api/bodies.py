"""What bodies may hold."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.utils import html

from ..conf import app_settings
from ..models import SubsidyCancellation
from .errors import UNKNOWN_FIELD, printable
from .fields import (
    IdentifierField,
    KeyField,
    NoteField,
    PositionField,
    TextField,
    YesNoField,
)


def length_of(name: str) -> int | None:
    """How many characters a text of a cancellation may have."""
    field = SubsidyCancellation._meta.get_field(name)
    return field.max_length  # type: ignore[union-attr]  # a column, no relation of others to us


class StrictSerializer(serializers.Serializer[Any]):
    """A body of which every field is known: a misspelt one is refused, not passed over."""

    MOST_NAMED = 20  # unknown fields that an answer names

    def to_internal_value(self, data: Any) -> Any:
        """The values. Raises ValidationError for all fields that are wrong, unknown ones among them."""
        errors: dict[str, Any] = self.unknown_fields(data)
        try:
            values = super().to_internal_value(data)
        except ValidationError as error:
            errors |= dict(error.detail)  # type: ignore[arg-type]  # of a serializer: a mapping
        if errors:
            raise ValidationError(errors)
        return values

    def unknown_fields(self, data: Any) -> dict[str, Any]:
        """An error for each field of the body that there is not."""
        if not isinstance(data, Mapping):
            return {}
        known = {*self.fields, "csrfmiddlewaretoken"} if html.is_html_input(data) else self.fields
        unknown = sorted(str(name) for name in data if name not in known)
        words = ErrorDetail(_("There is no such field."), code=UNKNOWN_FIELD)
        return {printable(name): [words] for name in unknown[: self.MOST_NAMED]}


class NewCancellationSerializer(StrictSerializer):
    """A cancellation that is asked for: by WeChat Pay's identifiers, or by an order of the shop's."""

    sub_mchid = IdentifierField(required=False, max_length=length_of("sub_mchid"))
    transaction_id = IdentifierField(required=False, max_length=length_of("transaction_id"))
    merchant = TextField(required=False, max_length=length_of("merchant"))
    order = KeyField(required=False, max_length=length_of("order_pk"))
    order_reference = TextField(required=False, max_length=length_of("order_reference"))
    order_model = TextField(required=False, max_length=length_of("order_model"))
    refund_id = IdentifierField(required=False, max_length=length_of("refund_id"))
    description = TextField(required=False, max_length=length_of("description"))
    partial = YesNoField(required=False)  # type: ignore[assignment]  # DRF keeps fields and attributes apart

    # What goes with each way to name an order; the key is the field that errors of the order are on.
    WAYS: ClassVar[Mapping[str, frozenset[str]]] = {
        "order": frozenset({"order", "order_model"}),
        "order_reference": frozenset({"order_reference", "order_model"}),
        "transaction_id": frozenset({"sub_mchid", "transaction_id", "merchant"}),
    }
    REQUIRED = ("sub_mchid", "transaction_id")

    @classmethod
    def way_of(cls, values: Mapping[str, Any]) -> str:
        """The field by which these values name the order."""
        return next((way for way in cls.WAYS if way in values), "transaction_id")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """The values, which name an order in exactly one way. Raises ValidationError."""
        way = self.way_of(attrs)
        others = frozenset().union(*self.WAYS.values()) - self.WAYS[way]
        words = _("Name the order in one way: this does not go with “%(way)s”.") % {"way": way}
        errors = {
            name: [ErrorDetail(words, code="not_together")] for name in attrs if name in others
        }
        required = self.REQUIRED if way == "transaction_id" else ()
        words = _("Required, unless the order is named by “order” or “order_reference”.")
        errors |= {
            name: [ErrorDetail(words, code="required")] for name in required if name not in attrs
        }
        if errors:
            raise ValidationError(errors)
        return attrs


class BoundedListField(serializers.ListField):
    """A list of at least one and at most `API["MAX_BATCH"]` values, counted before they are looked at."""

    default_error_messages = {
        "batch_too_large": gettext_lazy("At most {most} in one batch, not {count}.")
    }

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(allow_empty=False, required=False, **kwargs)

    def to_internal_value(self, data: Any) -> list[Any]:
        """The values. Fails with `batch_too_large` for too many."""
        most = app_settings.api["MAX_BATCH"]
        if isinstance(data, list) and len(data) > most:
            self.fail("batch_too_large", most=most, count=len(data))
        return list(super().to_internal_value(data))


class NewBatchSerializer(StrictSerializer):
    """A batch that is asked for, or with `draft` only drafted: many orders, or many items."""

    orders = BoundedListField(child=KeyField(max_length=length_of("order_pk")))
    order_model = TextField(required=False, max_length=length_of("order_model"))
    items = BoundedListField(child=NewCancellationSerializer())
    description = TextField(required=False, max_length=length_of("description"))
    partial = YesNoField(default=False)  # type: ignore[assignment]  # DRF keeps fields and attributes apart
    withdrawn = YesNoField(default=False)
    draft = YesNoField(default=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """The values, which have either orders or items. Raises ValidationError."""
        if "orders" not in attrs and "items" not in attrs:
            words = _("Give “orders” or “items”.")
            raise ValidationError({"orders": [ErrorDetail(words, code="required")]})
        superfluous = {"items", "order_model"} & set(attrs) if "items" in attrs else set()
        superfluous -= {"items"} if "orders" not in attrs else set()
        if superfluous:
            words = _("This does not go with what else is given.")
            error = ErrorDetail(words, code="not_together")
            raise ValidationError({name: [error] for name in sorted(superfluous)})
        return attrs


class ConfirmSerializer(StrictSerializer):
    """A confirmation: which items get the explicit yes that they need.

    `partial` is one to all orders that are partly refunded, `withdrawn` to all whose cancellation was
    withdrawn, `ticked_items` to those at these positions, whichever they need.
    """

    description = TextField(required=False, max_length=length_of("description"))
    partial = YesNoField(default=False)  # type: ignore[assignment]  # DRF keeps fields and attributes apart
    withdrawn = YesNoField(default=False)
    ticked_items = BoundedListField(child=PositionField())


class StopSerializer(StrictSerializer):
    """Why a batch is stopped."""

    note = NoteField()


class RetrySerializer(StrictSerializer):
    """A retry: after a refusal with other parameters, if need be."""

    refund_id = IdentifierField(required=False, max_length=length_of("refund_id"))
    description = TextField(required=False, max_length=length_of("description"))
    note = NoteField(required=False, allow_blank=True)


class WithdrawSerializer(StrictSerializer):
    """A withdrawal: why, if there is anything to say."""

    note = NoteField(required=False, allow_blank=True)


class ResolveSerializer(StrictSerializer):
    """What a person has seen in WeChat Pay's merchant platform."""

    succeeded = YesNoField()
    note = NoteField()
