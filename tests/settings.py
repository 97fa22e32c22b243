"""The example shop, with what tests need otherwise: a database in memory or on a server."""

import os
from tempfile import gettempdir

from example_project.settings import *  # noqa: F403

DEBUG = False
SECRET_KEY = "of the tests only"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        # A file: threads and processes of a test have connections of their own.
        "TEST": {
            "NAME": os.environ.get("TEST_DB_NAME", gettempdir() + "/wechat_subsidies.sqlite3")
        },
        "OPTIONS": {"timeout": 20},
    }
}
LANGUAGE_CODE = "en"
