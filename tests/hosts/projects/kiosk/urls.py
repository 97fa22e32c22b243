from django.urls import include, path

from .admin import backoffice
from .views import cancel, cancel_and_break

urlpatterns = [
    path("backoffice/", backoffice.urls),
    path("api/subsidies/", include("wechat_subsidies.api.urls")),
    path("refunded/<number>/", cancel),
    path("broken/<number>/", cancel_and_break),
]
