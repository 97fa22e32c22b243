"""What the page of a cancellation says of it, field by field; nothing can be filled in."""

from typing import TYPE_CHECKING

from django.contrib import admin
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from ..models import SubsidyCancellation
from ..outcomes import advice
from .links import order_url
from .rows import Words, status_of
from .words import local_time, text_of, yuan

if TYPE_CHECKING:
    _ModelAdmin = admin.ModelAdmin[SubsidyCancellation]
else:
    _ModelAdmin = admin.ModelAdmin


class CancellationFacts(_ModelAdmin):
    """The fields of the page, and how each is shown."""

    readonly_fields = [
        "order",
        "status_in_words",
        "advice_in_words",
        "paid",
        "refunded",
        "subsidy",
        "exact_request",
        "asked",
        "next_attempt",
    ]
    fieldsets = [
        (
            _("What became of it"),
            {
                "fields": [
                    "status_in_words",
                    "advice_in_words",
                    "error_code",
                    "error_message",
                    "request_id",
                    "next_attempt",
                    "completed_at",
                    "resolved_by_name",
                    "resolution_note",
                ]
            },
        ),
        (
            _("The order"),
            {"fields": ["order", "paid", "refunded", "subsidy"]},
        ),
        (
            _("What is asked of WeChat Pay"),
            {
                "fields": [
                    "merchant",
                    "mchid",
                    "sub_mchid",
                    "transaction_id",
                    "refund_id",
                    "description",
                    "exact_request",
                ]
            },
        ),
        (
            _("Who asked for it"),
            {"fields": ["requested_by_name", "source", "asked"]},
        ),
    ]

    @admin.display(description=_("order"))
    def order_reference_or_id(self, cancellation: SubsidyCancellation) -> str:
        """What people call the order; the transaction ID where nobody said."""
        return str(cancellation)

    @admin.display(description=_("order"))
    def order(self, cancellation: SubsidyCancellation) -> str:
        """The order, with a link to its page where it has one."""
        url = order_url(cancellation.order_model, cancellation.order_pk, site=self.admin_site)
        reference = cancellation.order_reference or self.get_empty_value_display()
        return format_html('<a href="{}">{}</a>', url, reference) if url else reference

    @admin.display(description=_("status"), ordering="status")
    def status_in_words(self, cancellation: SubsidyCancellation) -> str:
        """The status, with what proves it where that is a person."""
        return status_of(cancellation)

    @admin.display(description=_("what happened, what to do"))
    def advice_in_words(self, cancellation: SubsidyCancellation) -> Words:
        """One or two sentences."""
        return advice(cancellation.reason) or self.get_empty_value_display()

    @admin.display(description=_("paid"))
    def paid(self, cancellation: SubsidyCancellation) -> str:
        """What was paid when it was asked for, in yuan."""
        return yuan(cancellation.paid_amount) or self.get_empty_value_display()

    @admin.display(description=_("refunded"))
    def refunded(self, cancellation: SubsidyCancellation) -> str:
        """What had been refunded when it was asked for, in yuan."""
        return yuan(cancellation.refunded_amount) or self.get_empty_value_display()

    @admin.display(description=_("subsidy"))
    def subsidy(self, cancellation: SubsidyCancellation) -> str:
        """The subsidy, in yuan."""
        return yuan(cancellation.subsidy_amount) or self.get_empty_value_display()

    @admin.display(description=_("exact request"))
    def exact_request(self, cancellation: SubsidyCancellation) -> str:
        """The body that every call repeats, byte for byte."""
        return text_of(cancellation.request_body)

    @admin.display(description=_("asked at"))
    def asked(self, cancellation: SubsidyCancellation) -> str:
        """When it was asked for, the last time if several times."""
        return local_time(cancellation.asked_at)

    @admin.display(description=_("next call not before"))
    def next_attempt(self, cancellation: SubsidyCancellation) -> str:
        """When it is sent next at the earliest; empty where it is not waiting."""
        return local_time(cancellation.next_attempt_at) or self.get_empty_value_display()
