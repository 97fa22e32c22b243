from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from wechat_subsidies.admin import CancelSubsidiesMixin, SubsidyStateMixin

from .models import Order, Refund


class RefundInline(admin.TabularInline[Refund, Order]):
    model = Refund


@admin.register(Order)
class OrderAdmin(SubsidyStateMixin, CancelSubsidiesMixin, admin.ModelAdmin[Order]):
    list_display = ["number", "subsidy_state", "paid"]
    list_filter = ["sub_mchid"]
    inlines = [RefundInline]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Order]:
        return super().get_queryset(request).prefetch_related("refunds")

    @admin.display(description="paid")
    def paid(self, order: Order) -> str:
        return f"{order.paid_fen / 100:.2f}"
