"""The example shop's URLs without those that need a package which is not installed."""

from django.contrib import admin
from django.urls import include, path

from example_project.shop.notifications import refund_notified

from .optional import is_installed

urlpatterns = [
    path("admin/", admin.site.urls),
    path("i18n/", include("django.conf.urls.i18n")),
    path("notifications/refund/", refund_notified),
]
if is_installed("rest_framework"):
    urlpatterns += [path("api/subsidies/", include("wechat_subsidies.api.urls"))]
