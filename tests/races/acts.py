"""What racers do, each in a thread or in a process of its own: python -m tests.races.acts NAME …

A process says when it is ready, begins when a line comes in, and prints what came of it as JSON.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from io import StringIO
from typing import Any

import django
from django.conf import settings


def ask(transaction_id: str) -> str:
    """The shop's own code asks."""
    from wechat_subsidies import services

    row = services.cancel_subsidy(sub_mchid="1900013401", transaction_id=transaction_id)
    return str(row.pk)


def ask_in_one_transaction(*transactions: str) -> str:
    """The shop's own code asks for several, in this order, in a transaction of its own."""
    from django.db import OperationalError, transaction

    from wechat_subsidies.exceptions import ConcurrentRequest

    try:
        with transaction.atomic():
            for each in transactions:
                ask(each)
    except (
        OperationalError,
        ConcurrentRequest,
    ):  # a deadlock, or a lock that SQLite cannot wait for
        return "rolled back"
    return "committed"


def post_to_the_api(transaction_id: str) -> int:
    """Another system asks; returns the HTTP status."""
    from django.contrib.auth.models import User
    from rest_framework.test import APIClient

    client = APIClient()
    client.force_authenticate(User.objects.get(username="lihua"))
    body = {"sub_mchid": "1900013401", "transaction_id": transaction_id}
    return int(client.post("/api/subsidies/cancellations/", body, format="json").status_code)


def confirm_in_the_admin(batch: int) -> list[int]:
    """Staff press «Confirm», and the page that follows works on the batch; returns the statuses."""
    from django.contrib.auth.models import User
    from django.test import Client

    client, page = Client(), f"/admin/wechat_subsidies/cancellationbatch/{batch}/"
    client.force_login(User.objects.get(username="lihua"))
    return [client.post(f"{page}{step}/").status_code for step in ("confirm", "continue")]


def sweep() -> None:
    """Cron runs the command."""
    from django.core.management import call_command

    call_command("process_subsidy_cancellations", stdout=StringIO())


def work_list() -> str:
    """Cron runs the other command; returns what it says first."""
    from django.core.management import call_command

    out = StringIO()
    call_command("cancel_refunded_subsidies", stdout=out)
    return out.getvalue().split("\n")[0]


def retry(key: int) -> str:
    """Staff have a refused one sent again; returns what they are told."""
    from wechat_subsidies import services
    from wechat_subsidies.exceptions import Conflict
    from wechat_subsidies.models import SubsidyCancellation

    try:
        return services.retry(SubsidyCancellation.objects.get(pk=key)).status
    except Conflict as conflict:
        return conflict.code


def stop_batch_once_it_is_sent(key: int) -> bool:
    """Staff see that a batch goes out, and stop it; returns whether they were the first to."""
    from wechat_subsidies import services
    from wechat_subsidies.models import CancellationBatch, SubsidyCancellation

    while not SubsidyCancellation.objects.filter(status="succeeded").exists():
        time.sleep(0.01)
    batch = CancellationBatch.objects.get(pk=key)
    return services.stop_batch(batch, stopped_by="lihua", note="a mistake")


ACTS: dict[str, Callable[..., Any]] = {
    act.__name__: act
    for act in (
        ask,
        ask_in_one_transaction,
        post_to_the_api,
        confirm_in_the_admin,
        sweep,
        retry,
        stop_batch_once_it_is_sent,
        work_list,
    )
}


def main(name: str, *arguments: str) -> None:
    settings.WECHAT_SUBSIDIES = json.loads(os.environ["RACERS_SETTINGS"])
    settings.ALLOWED_HOSTS = ["*"]
    django.setup()
    print("ready", flush=True)
    sys.stdin.readline()
    try:
        came = {"result": ACTS[name](*map(json.loads, arguments))}
    except Exception as error:  # noqa: BLE001  (the test that started this process shows it)
        came = {"error": type(error).__name__, "words": str(error)}
    print(json.dumps(came), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
