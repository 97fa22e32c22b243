from django.contrib import admin

from wechat_subsidies.admin import CancelSubsidiesMixin, SubsidyStateMixin, register

from .models import Meal, Stay
from .sites import doorman, restaurant


class OrderAdmin(SubsidyStateMixin, CancelSubsidiesMixin, admin.ModelAdmin):
    list_display = ["number"]


register(restaurant)
restaurant.register(Meal, OrderAdmin)
admin.site.register(Stay, OrderAdmin)
doorman.register(Stay, OrderAdmin)
