"""What projects begun long ago have: integers of 32 bits as keys, local times without time zones."""

from tests.databases import database

from ..base import *  # noqa: F403
from ..base import MAPPING

INSTALLED_APPS += ["tests.hosts.projects.kiosk"]  # noqa: F405
ROOT_URLCONF = "tests.hosts.projects.kiosk.urls"
AUTH_USER_MODEL = "kiosk.Clerk"
DATABASES = {"default": database("_kiosk") | {"ATOMIC_REQUESTS": True}}
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
USE_TZ = False
WECHAT_SUBSIDIES = {
    "ORDERS": {"kiosk.Sale": {**MAPPING, "paid_at": "paid_at", "refunded_at": "refunded_at"}}
}
