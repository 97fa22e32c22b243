"""URLs of a host with more admin sites than one: with our pages, and without."""

from django.contrib import admin
from django.urls import path

from wechat_subsidies.admin import register

operations = admin.AdminSite(name="operations")
register(operations)

without_our_pages = admin.AdminSite(name="warehouse")

urlpatterns = [
    path("admin/", admin.site.urls),
    path("operations/", operations.urls),
    path("warehouse/", without_our_pages.urls),
]
