import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import django_stubs_ext

django_stubs_ext.monkeypatch()  # so that ModelAdmin[Order] can be written; see django-stubs

BASE_DIR = Path(__file__).resolve().parent.parent
KEYS = Path(os.environ.get("WECHATPAY_KEYS", BASE_DIR / "wechatpay"))

SECRET_KEY = "of an example only"
DEBUG = True
ALLOWED_HOSTS = ["*"]
INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "wechat_subsidies",
    "market",
]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
ROOT_URLCONF = "market.urls"
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
DATABASES = {
    "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": BASE_DIR / "market.sqlite3"}
}
STATIC_URL = "static/"

WECHAT_SUBSIDIES: dict[str, Any] = {
    "MERCHANTS": {
        "default": {
            "MCHID": os.environ.get("WECHATPAY_MCHID", "1900000001"),
            "MERCHANT_SERIAL_NO": os.environ.get(
                "WECHATPAY_SERIAL_NO", "5157F09EFDC096DE15EBE81A47057A7232F1B8E1"
            ),
            "PRIVATE_KEY": KEYS / "apiclient_key.pem",
            "WECHATPAY_PUBLIC_KEY_ID": os.environ.get(
                "WECHATPAY_PUBLIC_KEY_ID", "PUB_KEY_ID_0119000000012024101100397200000006"
            ),
            "WECHATPAY_PUBLIC_KEY": KEYS / "pub_key.pem",
            "BASE_URL": os.environ.get("WECHATPAY_URL", "http://127.0.0.1:8787"),
        }
    },
    "ORDERS": {"market.Order": "market.subsidies.OrderSubsidies"},
    "GIVE_UP_AFTER": timedelta(days=3),
    "API": {"MAX_BATCH": 200},
}
