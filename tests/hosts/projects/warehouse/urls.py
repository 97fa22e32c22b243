from django.contrib import admin
from django.urls import include, path

from .views import cancel, cancel_and_break

urlpatterns = [
    path("admin/", admin.site.urls),
    path("api/subsidies/", include("wechat_subsidies.api.urls")),
    path("refunded/<number>/", cancel),
    path("broken/<number>/", cancel_and_break),
]
