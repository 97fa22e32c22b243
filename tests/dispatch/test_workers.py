"""Real workers, two processes, with real brokers: killed and cut off in mid-run, they lose nothing.

REDIS_URL and AMQP_URL say where the brokers are; `make test-brokers` runs what needs one. ORDERS is
the number of orders, for those who want a longer run.
"""

import json
import os
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from example_project.shop.models import Order
from tests.races.conftest import address_of_database
from tests.reachable import is_reachable
from wechat_subsidies import services
from wechat_subsidies.models import CancellationAttempt, SubsidyCancellation
from wechat_subsidies.sandbox import Sandbox

from .engines import DatabaseEngine, Engine, RabbitMQEngine, RedisEngine

pytestmark = pytest.mark.django_db(transaction=True)

ORDERS = int(os.environ.get("ORDERS", "100"))
BROKERS = {
    "rabbitmq": (RabbitMQEngine, "AMQP_URL", "amqp://guest:guest@127.0.0.1:5672"),
    "redis": (RedisEngine, "REDIS_URL", "redis://127.0.0.1:6379"),
}


@pytest.fixture(
    params=[
        pytest.param("rabbitmq", marks=pytest.mark.broker),
        pytest.param("redis", marks=pytest.mark.broker),
        "django_tasks_db",
    ]
)
def engine(
    request: pytest.FixtureRequest, tmp_path: Path, gateway: Sandbox, settings: Any
) -> Iterator[Engine]:
    """Its processes share this test's database and gateway; nothing is running yet."""
    queue = f"wechat-subsidies-{uuid.uuid4().hex}"
    made = engine_of(request.param, tmp_path, queue)
    merchant = gateway.merchant_settings() | {
        "TIMEOUT": (1, 1),
        "RATE_LIMIT": max(20, ORDERS // 10),
    }
    settings.WECHAT_SUBSIDIES = {**settings.WECHAT_SUBSIDIES, "MERCHANTS": {"default": merchant}}
    theirs = {"DISPATCHER": made.dispatcher, "CELERY": {"QUEUE": queue}}
    try:
        made.prepare(
            {
                "TEST_DATABASE_URL": address_of_database(),
                "WORKERS_SETTINGS": json.dumps({**settings.WECHAT_SUBSIDIES, **theirs}),
            }
        )
        yield made
    finally:
        made.close()


def engine_of(name: str, folder: Path, queue: str) -> Engine:
    if name not in BROKERS:
        return DatabaseEngine(folder, queue)
    kind, variable, default = BROKERS[name]
    url = os.environ.get(variable) or default
    if not is_reachable(url):
        pytest.skip(f"NOT TESTED WITH {name.upper()}: NOTHING ANSWERS AT {url}.")
    return kind(folder, queue, url=url)


class Asker:
    """The process that asks."""

    def __init__(self, engine: Engine) -> None:
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        self.process = engine.start("tests.dispatch.asker", **pipes)

    def ask(self, way: str, orders: list[Order]) -> None:
        transactions = [order.wechat_transaction_id for order in orders]
        print(json.dumps([way, transactions]), file=self.process.stdin, flush=True)
        assert self.process.stdout.readline()


def sweep_until_nothing_is_left() -> None:
    """As cron does, over and over."""
    until = time.monotonic() + 120
    left = SubsidyCancellation.objects.filter(status__in=["pending", "sending"])
    services.process_due()
    while left.exists() and time.monotonic() < until:
        time.sleep(1)
        services.process_due()


def assert_none_lost_and_none_doubled(gateway: Sandbox, orders: list[Order]) -> None:
    """By what the gateway has seen, and what is recorded."""
    transactions = {order.wechat_transaction_id for order in orders}
    rows = SubsidyCancellation.objects.values_list("transaction_id", "status")
    assert sorted(rows) == [(each, "succeeded") for each in sorted(transactions)]
    for each in transactions:
        made = gateway.calls(each)
        attempts = CancellationAttempt.objects.filter(cancellation__transaction_id=each)
        assert sum(call.carried_out for call in made) == 1
        assert gateway.most_in_flight(each) == 1
        assert len({call.body for call in made}) == 1
        # More than one call only after a kill, and then it is on record that one was lost.
        assert len(made) <= attempts.count()
        assert len(made) == 1 or attempts.filter(outcome="lost").exists()


def test_workers_killed_and_a_broker_restarted_in_mid_run_lose_and_double_nothing(
    engine: Engine, gateway: Sandbox, make_order: Callable[..., Order]
) -> None:
    orders = [make_order() for _ in range(ORDERS)]
    half, most = ORDERS // 2, ORDERS * 9 // 10
    workers = [engine.start_worker(number) for number in range(2)]
    asker = Asker(engine)
    asker.ask("in_a_batch", orders[:half])
    asker.ask("one_by_one", orders[half:most])
    gateway.wait_for_calls(ORDERS // 5, timeout=120)
    engine.kill(workers[0])
    gateway.wait_for_calls(ORDERS * 2 // 5, timeout=120)
    engine.begin_outage()
    asker.ask("one_by_one", orders[most:])  # goes on as if nothing were the matter
    assert SubsidyCancellation.objects.filter(status="pending").count() >= ORDERS - most
    engine.end_outage()
    sweep_until_nothing_is_left()
    assert_none_lost_and_none_doubled(gateway, orders)
