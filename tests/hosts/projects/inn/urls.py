from django.contrib import admin
from django.urls import include, path

from .sites import doorman, restaurant

urlpatterns = [
    path("office/", admin.site.urls),
    path("restaurant/", restaurant.urls),
    path("doorman/", doorman.urls),
    path("api/subsidies/", include("wechat_subsidies.api.urls")),
]
