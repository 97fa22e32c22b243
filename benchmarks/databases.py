"""A database for the time of a benchmark, and cancellations in it."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import django

from wechat_subsidies.wechatpay.subsidies import CancelRequest

from .gateway import MCHID

CHUNK: Final = 2_000  # rows of an INSERT
SUB_MCHID: Final = "1900013401"


@contextmanager
def database(url: str) -> Iterator[str]:
    """An empty database, with our tables, beside the one that the URL names; its URL.

    It is gone afterwards. One in a process: Django is set up for it.
    """
    os.environ["BENCHMARK_DATABASE_URL"] = url
    os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.settings"
    django.setup()
    from django.db import connection

    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    try:
        yield f"{url.rpartition('/')[0]}/{connection.settings_dict['NAME']}"
    finally:
        connection.creation.destroy_test_db(url.rpartition("/")[2], verbosity=0)


def environment(url: str, *, merchant: dict[str, Any], rate_limit: int | None) -> dict[str, str]:
    """The environment of a process that sends."""
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "benchmarks.settings",
        "BENCHMARK_DATABASE_URL": url,
        "BENCHMARK_SCENE": json.dumps({"merchant": merchant, "rate_limit": rate_limit}),
    }


def fill(count: int) -> None:
    """So many cancellations that are due, and nothing else but tables that know of it."""
    from django.db import connection

    from wechat_subsidies.models import (
        CancellationAttempt,
        Heartbeat,
        MerchantPace,
        SubsidyCancellation,
    )

    for model in (CancellationAttempt, SubsidyCancellation, MerchantPace, Heartbeat):
        model.objects.all().delete()
    rows = map(cancellation, range(count))
    SubsidyCancellation.objects.bulk_create(rows, batch_size=CHUNK)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")


def cancellation(number: int) -> Any:
    """One that is due, of an order of its own; not saved."""
    from django.utils import timezone

    from wechat_subsidies.models import SubsidyCancellation

    request = CancelRequest(
        sub_mchid=SUB_MCHID,
        transaction_id=f"42000005{number:020}",
        description="订单退款",
        refund_id=f"50{number:026}",
    )
    return SubsidyCancellation(
        merchant="default",
        mchid=MCHID,
        sub_mchid=request.sub_mchid,
        transaction_id=request.transaction_id,
        refund_id=request.refund_id or "",
        description=request.description,
        request_body=request.to_body(),
        source=SubsidyCancellation.Source.SERVICE,
        asked_at=timezone.now(),
        send_after=timezone.now(),
    )


def recorded() -> dict[str, int]:
    """How many cancellations have succeeded, and of how many calls there is an attempt."""
    from wechat_subsidies.models import CancellationAttempt, SubsidyCancellation

    succeeded = SubsidyCancellation.objects.filter(status=SubsidyCancellation.Status.SUCCEEDED)
    return {"succeeded": succeeded.count(), "attempts": CancellationAttempt.objects.count()}
