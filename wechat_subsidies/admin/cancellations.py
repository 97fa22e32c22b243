"""The cancellations: a list to search, and what became of each, call by call. Nothing is changed here."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from ..conf import app_settings
from ..models import SubsidyCancellation
from ..outcomes import advice
from ..permissions import VIEW_CANCELLATION, may_cancel
from ..scoping import visible
from .attempts import latest_calls
from .links import order_url
from .rows import Words, status_of
from .summary import summary_for
from .words import local_time, text_of, yuan

if TYPE_CHECKING:
    _ModelAdmin = admin.ModelAdmin[SubsidyCancellation]
else:
    _ModelAdmin = admin.ModelAdmin

ListOfCancellations = QuerySet[SubsidyCancellation]


class MerchantFilter(admin.SimpleListFilter):
    """By merchant, those of the settings; asking the table for them would read all of it."""

    title = _("merchant")
    parameter_name = "merchant"

    def lookups(
        self, request: HttpRequest, model_admin: "admin.ModelAdmin[Any]"
    ) -> Iterable[tuple[str, str]]:
        """The merchants, where there is a choice."""
        names = sorted(app_settings.merchants)
        return [(name, name) for name in names] if len(names) > 1 else []

    def queryset(self, request: HttpRequest, queryset: ListOfCancellations) -> ListOfCancellations:
        """Those of the merchant chosen."""
        return queryset.filter(merchant=self.value()) if self.value() else queryset


class SubsidyCancellationAdmin(_ModelAdmin):
    """Cancellations, to be read by whoever may see or ask for them."""

    list_display = [
        "order_reference_or_id",
        "status_in_words",
        "transaction_id",
        "sub_mchid",
        "requested_by_name",
        "created_at",
    ]
    list_filter = ["status", MerchantFilter]
    # Each an index lookup; "=" would compare without case, which no index of ours serves.
    search_fields = [
        "transaction_id__exact",
        "refund_id__exact",
        "order_reference__exact",
        "request_id__exact",
        "sub_mchid__exact",
    ]
    search_help_text = _("Exact transaction ID, refund ID, order, Request-ID or sub-merchant ID")
    ordering = ["-pk"]
    sortable_by = ()
    actions = None
    show_full_result_count = False
    view_on_site = False
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

    class Media:
        css = {"all": ["wechat_subsidies/admin/subsidies.css"]}

    # Who may

    def has_view_permission(
        self, request: HttpRequest, obj: SubsidyCancellation | None = None
    ) -> bool:
        """Those who may see cancellations, and those who may ask for them."""
        return request.user.has_perm(VIEW_CANCELLATION) or may_cancel(request.user)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody: asked for through the action on orders."""
        return False

    def has_change_permission(
        self, request: HttpRequest, obj: SubsidyCancellation | None = None
    ) -> bool:
        """Nobody."""
        return False

    def has_delete_permission(
        self, request: HttpRequest, obj: SubsidyCancellation | None = None
    ) -> bool:
        """Nobody."""
        return False

    def get_queryset(self, request: HttpRequest) -> ListOfCancellations:
        """Those in the scopes that this request may see; the others do not exist for it."""
        rows = visible(request)
        return rows.order_by(*self.get_ordering(request))

    # What is shown

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The list, under how sending stands."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        summary = summary_for(request, site=self.admin_site)
        return super().changelist_view(request, {**(extra_context or {}), "summary": summary})

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: SubsidyCancellation | None = None,
    ) -> HttpResponse:
        """The cancellation's page, with its calls."""
        if obj is not None:
            context["calls"] = latest_calls(obj)
        return super().render_change_form(request, context, add, change, form_url, obj)

    @admin.display(description=_("order"))
    def order_reference_or_id(self, cancellation: SubsidyCancellation) -> str:
        """What people call the order; the transaction ID where nobody said."""
        return str(cancellation)

    @admin.display(description=_("order"))
    def order(self, cancellation: SubsidyCancellation) -> str:
        """The order, with a link to its page where it has one."""
        url = order_url(cancellation.order_model, cancellation.order_pk)
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
