"""The app's configuration."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, Tags, register
from django.utils.translation import gettext_lazy as _


class WeChatSubsidiesConfig(AppConfig):
    """Name it in INSTALLED_APPS as `wechat_subsidies`."""

    name = "wechat_subsidies"
    verbose_name = _("WeChat Pay subsidies")
    # Said here, or a host with another DEFAULT_AUTO_FIELD would be told to migrate us.
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the system checks, and the tasks of the engine that was chosen."""
        from .conf import DISPATCHERS, app_settings

        register(check, "wechat_subsidies")
        register(check_deployment, "wechat_subsidies", Tags.security, deploy=True)
        # A Celery worker knows the tasks only of what was imported. Failing is for the checks to say.
        if isinstance(app_settings.raw, Mapping):
            path = app_settings.dispatcher_path
            if path != DISPATCHERS["inline"]:  # it has no tasks
                from .checks.imports import CannotImport, imported

                with suppress(CannotImport):
                    imported(path)


def check(**kwargs: Any) -> Iterator[CheckMessage]:
    """All our checks. They are imported when they run: a worker that starts runs none.

    With them comes what they look at, up to the client, and cryptography alone takes longer to
    import than a start may.
    """
    from .checks import mistakes

    yield from mistakes(**kwargs)


def check_deployment(**kwargs: Any) -> Iterator[CheckMessage]:
    """Our checks for production, which `check --deploy` runs; imported then, like the others."""
    from .checks import deployment_mistakes

    yield from deployment_mistakes(**kwargs)
