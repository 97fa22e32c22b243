"""The example shop, with what tests need otherwise."""

from example_project.settings import *  # noqa: F403
from tests.databases import database

from .optional import MISSING

DEBUG = False
SECRET_KEY = "of the tests only"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
LANGUAGE_CODE = "en"
REST_FRAMEWORK = {
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema"
}  # all else DRF's own
if MISSING & {"drf_spectacular", "rest_framework"}:  # a shop without what is not installed
    INSTALLED_APPS = [app for app in INSTALLED_APPS if app not in MISSING]  # noqa: F405
    ROOT_URLCONF = "tests.urls"
    REST_FRAMEWORK = {}

# Shops of other shapes
INSTALLED_APPS += [f"tests.hosts.{host}" for host in ("mall", "tenants", "booth")]

DATABASES = {
    "default": database(),
    # One that is not ours, as hosts have them.
    "other": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"},
}
