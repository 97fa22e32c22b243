from django.urls import path

from example_project.urls import urlpatterns as shop

from .views import cancel_all

urlpatterns = [*shop, path("booth/cancel/", cancel_all)]
