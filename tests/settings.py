"""The example shop, with what tests need otherwise.

TEST_DATABASE_URL names the database, such as postgresql://postgres@127.0.0.1/test or
mysql://root@127.0.0.1/test; without it a file is made, and removed afterwards.
"""

import os
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

from example_project.settings import *  # noqa: F403

DEBUG = False
SECRET_KEY = "of the tests only"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
LANGUAGE_CODE = "en"
REST_FRAMEWORK = {
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema"
}  # all else DRF's own

# Shops of other shapes
INSTALLED_APPS += [f"tests.hosts.{host}" for host in ("mall", "tenants", "booth")]  # noqa: F405

# A file and not memory: threads and processes of a test have connections of their own.
FOLDER = TemporaryDirectory(prefix="wechat-subsidies-")
DATABASE_URL = urlsplit(os.environ.get("TEST_DATABASE_URL", f"sqlite3://{FOLDER.name}/test"))
DATABASES = {
    "default": {
        "ENGINE": f"django.db.backends.{DATABASE_URL.scheme}",
        "HOST": DATABASE_URL.hostname or "",
        "PORT": DATABASE_URL.port or "",
        "USER": DATABASE_URL.username or "",
        "PASSWORD": DATABASE_URL.password or "",
        "NAME": DATABASE_URL.path.lstrip("/"),
    },
    # One that is not ours, as hosts have them.
    "other": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"},
}
if DATABASE_URL.scheme == "sqlite3":
    DATABASES["default"] |= {
        "NAME": DATABASE_URL.path,
        "TEST": {"NAME": DATABASE_URL.path},
        "OPTIONS": {"timeout": 20},
    }
