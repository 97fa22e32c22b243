"""The settings of every process that is measured; what differs comes from its environment."""

import json
import os
from typing import Any
from urllib.parse import urlsplit

SCENE: dict[str, Any] = json.loads(os.environ.get("BENCHMARK_SCENE", "{}"))
DATABASE_URL = urlsplit(os.environ["BENCHMARK_DATABASE_URL"])

SECRET_KEY = "of the benchmarks only"
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "wechat_subsidies",
]
DATABASES = {
    "default": {
        "ENGINE": f"django.db.backends.{DATABASE_URL.scheme}",
        "HOST": DATABASE_URL.hostname or "",
        "PORT": DATABASE_URL.port or "",
        "USER": DATABASE_URL.username or "",
        "PASSWORD": DATABASE_URL.password or "",
        "NAME": DATABASE_URL.path.lstrip("/"),
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
TIME_ZONE = "Asia/Shanghai"

WECHAT_SUBSIDIES = {
    "MERCHANTS": {
        "default": {**SCENE.get("merchant", {}), "RATE_LIMIT": SCENE.get("rate_limit")},
    },
}
