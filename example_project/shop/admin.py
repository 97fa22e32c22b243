"""The shop's admin."""

# mypy: allow-any-generics
# (Django's admin classes take a model as parameter for mypy alone, not when they run.)

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from wechat_subsidies.admin import CancelSubsidiesMixin, SubsidyStateMixin

from .models import Order, ProfitSharing, Refund, Seller
from .subsidies import orders


class RefundInline(admin.TabularInline):
    model = Refund
    extra = 0


@admin.register(Order)
class OrderAdmin(SubsidyStateMixin, CancelSubsidiesMixin, admin.ModelAdmin):
    list_display = [
        "number",
        "subsidy_state",
        "checkout",
        "seller",
        "title",
        "paid_fen",
        "refunded_fen",
        "subsidy_fen",
    ]
    list_filter = ["seller"]
    search_fields = ["number", "wechat_transaction_id"]
    inlines = [RefundInline]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Order]:
        return orders(request)

    @admin.display(description="已退（分）")
    def refunded_fen(self, order: Any) -> int:
        return int(order.refunded_fen)


@admin.register(Seller)
class SellerAdmin(admin.ModelAdmin):
    list_display = ["name", "wechat_mchid"]


@admin.register(ProfitSharing)
class ProfitSharingAdmin(admin.ModelAdmin):
    list_display = ["order", "begun_at"]
    list_select_related = ["order"]
