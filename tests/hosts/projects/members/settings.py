"""A user model with a UUID as its key, and orders with one."""

from tests.databases import database

from ..base import *  # noqa: F403
from ..base import MAPPING

INSTALLED_APPS += ["tests.hosts.projects.members"]  # noqa: F405
ROOT_URLCONF = "tests.hosts.projects.members.urls"
AUTH_USER_MODEL = "members.Member"
DATABASES = {"default": database("_members")}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
WECHAT_SUBSIDIES = {"ORDERS": {"members.Order": MAPPING}}
