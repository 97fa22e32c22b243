"""A small shop on WeChat Pay's e-commerce platform: SQLite, and the sandbox for WeChat Pay.

What wechat_subsidies needs is at the end; the rest is what any Django project has.
"""

import json
import os
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent
# The database and the sandbox's keys, made by the demo; elsewhere for tests of the demo.
VAR_DIR = Path(os.environ.get("SHOP_VAR_DIR", BASE_DIR / "var"))

SECRET_KEY = "of the example only"
DEBUG = True  # a shop with customers has False here; the sandbox is spoken to over plain http
ALLOWED_HOSTS = ["127.0.0.1", "localhost"]

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "drf_spectacular",
    "wechat_subsidies",
    "example_project.shop",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "example_project.urls"
TEMPLATES = [
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
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": VAR_DIR / "shop.sqlite3",
        "OPTIONS": {"timeout": 20},
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "rest_framework.authentication.BasicAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "The shop's API",
    "VERSION": "1",
    "OAS_VERSION": "3.1.1",
    "SERVE_INCLUDE_SCHEMA": False,
}
LANGUAGE_CODE = "zh-hans"
TIME_ZONE = "Asia/Shanghai"
STATIC_URL = "static/"

# ---- What a shop writes for wechat_subsidies ------------------------------------------------

SANDBOX_KEYS = VAR_DIR / "wechatpay"  # a shop has its own, from WeChat Pay's merchant platform
try:
    SANDBOX = json.loads((SANDBOX_KEYS / "sandbox.json").read_text())
except FileNotFoundError:
    SANDBOX = {}  # before the first demo; `manage.py check` says so

WECHAT_SUBSIDIES = {
    "MERCHANTS": {
        "default": {
            "MCHID": SANDBOX.get("mchid", ""),
            "MERCHANT_SERIAL_NO": SANDBOX.get("merchant_serial_no", ""),
            "PRIVATE_KEY": SANDBOX_KEYS / "apiclient_key.pem",
            "WECHATPAY_PUBLIC_KEY_ID": SANDBOX.get("wechatpay_public_key_id", ""),
            "WECHATPAY_PUBLIC_KEY": SANDBOX_KEYS / "pub_key.pem",
            "BASE_URL": os.environ.get("WECHATPAY_URL", "http://127.0.0.1:8787"),
        }
    },
    "ORDERS": {
        "shop.Order": {
            "transaction_id": "wechat_transaction_id",
            "sub_mchid": "seller.wechat_mchid",
            "has_refund": "has_refund",
            "refund_id": "latest_refund_id",
            "reference": "number",
            "queryset": "example_project.shop.subsidies.orders",
            "paid_amount": "paid_fen",
            "refunded_amount": "refunded_fen",
            "subsidy_amount": "subsidy_fen",
            "paid_at": "paid_at",
            "refunded_at": "refunded_at",
            "blocked_because": "why_no_cancellation",
        }
    },
}
