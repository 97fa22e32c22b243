"""The app's configuration."""

from collections.abc import Mapping
from contextlib import suppress

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class WeChatSubsidiesConfig(AppConfig):
    """Name it in INSTALLED_APPS as `wechat_subsidies`."""

    name = "wechat_subsidies"
    verbose_name = _("WeChat Pay subsidies")
    # Said here, or a host with another DEFAULT_AUTO_FIELD would be told to migrate us.
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the system checks, and with it the tasks of the engine that was chosen."""
        from . import checks  # noqa: F401  (importing it registers them, and may not happen earlier)
        from .checks.imports import CannotImport, imported
        from .conf import app_settings

        # A Celery worker knows the tasks only of what was imported. Failing is for the checks to say.
        if isinstance(app_settings.raw, Mapping):
            with suppress(CannotImport):
                imported(app_settings.dispatcher_path)
