"""The site's URLs: the admin, the API of wechat_subsidies, and WeChat Pay's refund notifications."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularAPIView

from .shop.notifications import refund_notified

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("admin/", admin.site.urls),
    path("i18n/", include("django.conf.urls.i18n")),
    path("api/schema/", SpectacularAPIView.as_view()),
    path("api/subsidies/", include("wechat_subsidies.api.urls")),
    path("notifications/refund/", refund_notified),
]
