"""URLs of a host whose only admin site has orders with our action, and not the pages for it."""

from django.contrib import admin
from django.urls import path

from example_project.shop.models import Order
from wechat_subsidies.admin import CancelSubsidiesMixin, SubsidyStateMixin


class OrderAdmin(SubsidyStateMixin, CancelSubsidiesMixin, admin.ModelAdmin):
    pass


depot = admin.AdminSite(name="depot")
depot.register(Order, OrderAdmin)

urlpatterns = [path("depot/", depot.urls)]
