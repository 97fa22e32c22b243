"""The example shop, with what tests need otherwise: a database in memory or on a server."""

import os
from tempfile import gettempdir

from example_project.settings import *  # noqa: F403

DEBUG = False
SECRET_KEY = "of the tests only"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# A file, not memory: threads and processes of a test have connections of their own.
DATABASE = os.environ.get("TEST_DB_NAME", f"{gettempdir()}/wechat_subsidies.sqlite3")
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": DATABASE,
        "TEST": {"NAME": DATABASE},
        "OPTIONS": {"timeout": 20},
    },
    # One that is not ours, as hosts have them.
    "other": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"},
}
LANGUAGE_CODE = "en"
