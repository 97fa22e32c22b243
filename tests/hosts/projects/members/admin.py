from django.contrib import admin

from wechat_subsidies.admin import CancelSubsidiesMixin, SubsidyStateMixin

from .models import Member, Order


@admin.register(Order)
class OrderAdmin(SubsidyStateMixin, CancelSubsidiesMixin, admin.ModelAdmin):
    list_display = ["number"]


@admin.register(Member)
class MemberAdmin(admin.ModelAdmin):
    list_display = ["email"]
