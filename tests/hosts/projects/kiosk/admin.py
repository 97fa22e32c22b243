from django.contrib.admin import AdminSite, ModelAdmin

from wechat_subsidies.admin import CancelSubsidiesMixin, SubsidyStateMixin, register

from .models import Clerk, Sale

backoffice = AdminSite(name="backoffice")
register(backoffice)
backoffice.register(Clerk)


class SaleAdmin(SubsidyStateMixin, CancelSubsidiesMixin, ModelAdmin):
    list_display = ["number"]


backoffice.register(Sale, SaleAdmin)
