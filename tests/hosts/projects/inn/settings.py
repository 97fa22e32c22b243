"""Several models of orders, and several admin sites."""

from tests.databases import database

from ..base import *  # noqa: F403
from ..base import INSTALLED_APPS, MAPPING

CONFIG = "tests.hosts.projects.inn.config.InnAdminConfig"
INSTALLED_APPS = [
    *(CONFIG if app == "django.contrib.admin" else app for app in INSTALLED_APPS),
    "tests.hosts.projects.inn",
]
ROOT_URLCONF = "tests.hosts.projects.inn.urls"
DATABASES = {"default": database("_inn")}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
WECHAT_SUBSIDIES = {"ORDERS": {"inn.Stay": MAPPING, "inn.Meal": MAPPING}}
