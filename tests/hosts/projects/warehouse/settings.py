"""What the three have in common."""

from ..base import *  # noqa: F403
from ..base import MAPPING

INSTALLED_APPS += ["tests.hosts.projects.warehouse"]  # noqa: F405
ROOT_URLCONF = "tests.hosts.projects.warehouse.urls"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
WECHAT_SUBSIDIES = {
    "ORDERS": {
        "warehouse.Delivery": {
            **MAPPING,
            "sub_mchid": "depot.sub_mchid",
            "blocked_because": "why_not",
        }
    }
}
