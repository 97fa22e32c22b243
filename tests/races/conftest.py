"""Racers: the same acts in threads of this process, and in processes of their own."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.contrib.auth.models import User
from django.db import connection, connections

from wechat_subsidies.models import SubsidyCancellation
from wechat_subsidies.sandbox import Sandbox

from .acts import ACTS

Act = tuple[Any, ...]  # the name of one of ACTS, and its arguments


@pytest.fixture(params=["threads", "processes"])
def at_once(request: pytest.FixtureRequest, gateway: Sandbox, staff: User) -> Callable[..., Any]:
    """Begin all these acts at the same moment; returns what came of each."""
    return in_threads if request.param == "threads" else in_processes


def in_threads(*acts: Act) -> list[Any]:
    start = threading.Barrier(len(acts))

    def run(act: Act) -> Any:
        start.wait()
        try:
            return ACTS[act[0]](*act[1:])
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def in_processes(*acts: Act) -> list[Any]:
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "TEST_DATABASE_URL": address_of_database(),
        "RACERS_SETTINGS": json.dumps(django_settings.WECHAT_SUBSIDIES),
    }
    racers = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.races.acts", act[0], *map(json.dumps, act[1:])],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for act in acts
    ]
    for racer in racers:
        assert racer.stdout.readline() == "ready\n"
    for racer in racers:
        racer.stdin.write("go\n")
        racer.stdin.flush()
    came = [json.loads(racer.communicate(timeout=60)[0]) for racer in racers]
    errors = [each for each in came if "error" in each]
    assert errors == []
    return [each["result"] for each in came]


def address_of_database() -> str:
    """The URL under which tests/settings.py finds the very database that this test uses."""
    facts = connection.settings_dict
    scheme = facts["ENGINE"].rpartition(".")[2]
    login = f"{facts['USER']}:{facts['PASSWORD']}@" if facts["USER"] else ""
    port = f":{facts['PORT']}" if facts["PORT"] else ""
    return f"{scheme}://{login}{facts['HOST']}{port}/{str(facts['NAME']).lstrip('/')}"


@pytest.fixture
def assert_once(gateway: Sandbox) -> Callable[..., None]:
    """Say that these orders, and no others, were cancelled: each once, and its calls well apart."""

    def check(*transactions: str, calls: int = 1) -> None:
        rows = SubsidyCancellation.objects.values_list("transaction_id", "status")
        assert sorted(rows) == [(each, "succeeded") for each in sorted(transactions)]
        assert {call.transaction_id for call in gateway.ledger} == set(transactions)
        for each in transactions:
            made = gateway.calls(each)
            assert len(made) == calls
            assert sum(call.carried_out for call in made) == 1
            assert gateway.most_in_flight(each) == 1
            assert all(b.received_at - a.received_at >= 1 for a, b in pairwise(made))

    return check
