"""The settings of every process of the proof; what a scene decides comes from its file.

Hosts differ in what their environment says: the time zone, USE_TZ, and how far the clock is off.
"""

import json
import os
from pathlib import Path

from torture import clocks, haste

SCENE = json.loads(Path(os.environ["TORTURE_SCENE"]).read_text())
clocks.shift(float(os.environ.get("TORTURE_CLOCK_OFF", "0")))

SECRET_KEY = "of the proof only"
DEBUG = True  # the sandbox is spoken to over plain http
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "wechat_subsidies",
    "torture.haste.Haste",
]
DATABASES = {"default": SCENE["database"]}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
TIME_ZONE = os.environ.get("TORTURE_TIME_ZONE", "Asia/Shanghai")
USE_TZ = os.environ.get("TORTURE_USE_TZ", "yes") == "yes"
LANGUAGE_CODE = "en"

WECHAT_SUBSIDIES = {
    "MERCHANTS": {
        "default": {
            **SCENE["merchant"],
            "TIMEOUT": haste.TIMEOUT,
            "RATE_LIMIT": SCENE["rate_limit"],
        }
    },
}
