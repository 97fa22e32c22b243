from django.apps import AppConfig


class ShopConfig(AppConfig):
    name = "example_project.shop"
    verbose_name = "商城"

    def ready(self) -> None:
        from . import receivers  # noqa: F401  (connects them)
