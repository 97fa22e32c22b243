"""A shop with workers, as a Celery app and as settings: celery -A tests.dispatch.shop worker

A test says in the environment what the workers' database, gateway and broker are.
"""

import json
import os

from celery import Celery

from tests.settings import *  # noqa: F403
from tests.settings import INSTALLED_APPS

DEBUG = True  # the sandbox is spoken to over plain http
WECHAT_SUBSIDIES = json.loads(os.environ.get("WORKERS_SETTINGS", "{}"))
INSTALLED_APPS = [*INSTALLED_APPS, "django_tasks_db"]
TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}

app = Celery("shop", broker=os.environ.get("BROKER_URL", "memory://"))
app.conf.broker_transport_options = json.loads(os.environ.get("BROKER_OPTIONS", "{}"))
app.conf.worker_enable_remote_control = False  # leaves nothing behind in the broker
