"""The shop's admin."""

from django.contrib import admin
from wechat_subsidies.admin import CancelSubsidiesMixin

from .models import Order, Refund, Seller


class RefundInline(admin.TabularInline):
    model = Refund
    extra = 0


@admin.register(Order)
class OrderAdmin(CancelSubsidiesMixin, admin.ModelAdmin):
    list_display = ["number", "checkout", "seller", "title", "paid_fen", "subsidy_fen"]
    list_filter = ["seller"]
    search_fields = ["number", "wechat_transaction_id"]
    inlines = [RefundInline]


@admin.register(Seller)
class SellerAdmin(admin.ModelAdmin):
    list_display = ["name", "wechat_mchid"]
