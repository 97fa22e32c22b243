from django.contrib import admin

from wechat_subsidies.admin import CancelSubsidiesMixin, SubsidyStateMixin

from .models import Delivery


@admin.register(Delivery)
class DeliveryAdmin(SubsidyStateMixin, CancelSubsidiesMixin, admin.ModelAdmin):
    list_display = ["number", "depot"]
