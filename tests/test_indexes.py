"""Which index serves each list: no page reads a table that grows from its beginning to its end.

Seen on PostgreSQL and MariaDB, with as many rows as it takes for their planners to have a reason.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from wechat_subsidies import clock, services
from wechat_subsidies.models import CancellationAttempt, SubsidyCancellation
from wechat_subsidies.sender.announcing import announce_due

from .sender.claims import MCHID, unhurried_claims

MANY: Final = 4_000
LIST: Final = "/admin/wechat_subsidies/subsidycancellation/"
API: Final = "/api/subsidies/cancellations/"
TABLE: Final = SubsidyCancellation._meta.db_table
LONG_AGO: Final = datetime(2024, 2, 29, tzinfo=UTC)

pytestmark = pytest.mark.skipif(
    connection.vendor == "sqlite", reason="large shops have other databases"
)


def row(number: int) -> SubsidyCancellation:
    """One of many: most have succeeded long ago, one in a hundred is different."""
    is_rare = number % 100 == 0
    return SubsidyCancellation(
        merchant="second" if is_rare else "default",
        mchid=MCHID,
        sub_mchid=f"19000{number // 10:05}",
        transaction_id=f"T{number}",
        refund_id=f"R{number}",
        description="退款",
        request_body=b"{}",
        status="pending" if is_rare else "succeeded",
        proof="" if is_rare else "wechat",
        request_id=f"I{number}",
        send_after=clock.now("default") - timedelta(days=1) if is_rare else None,
        asked_at=LONG_AGO,
        announce_after=LONG_AGO if number % 100 == 1 else None,
        order_model="shop.Order",
        order_pk=str(number),
        order_reference=f"N{number}",
        scope=f"S{number // 10}",
        source="api" if is_rare else "admin",
        created_at=timezone.now() - timedelta(hours=MANY - number),
        updated_at=timezone.now() - timedelta(hours=MANY - number),
    )


@pytest.fixture(scope="module")
def kept(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """The rows while no test writes: to make them anew for each would take minutes."""
    with django_db_blocker.unblock():
        write_many()
        yield
        CancellationAttempt.objects.all().delete()
        SubsidyCancellation.objects.all().delete()


@pytest.fixture
def second_merchant(gateway: Any, settings: Any) -> None:
    """Two names of one merchant."""
    default = settings.WECHAT_SUBSIDIES["MERCHANTS"]["default"]
    settings.WECHAT_SUBSIDIES = {
        **settings.WECHAT_SUBSIDIES,
        "MERCHANTS": {"default": default, "second": default},
    }


@pytest.fixture
def kept_here(kept: None, db: None, second_merchant: None) -> None:
    """The rows for a test that takes back what it writes besides."""


@pytest.fixture
def written_anew(transactional_db: None, second_merchant: None) -> None:
    """The rows for a test that commits; they may be there still from those that do not."""
    if not SubsidyCancellation.objects.exists():
        write_many()


def write_many() -> None:
    """Rows, spread over months, and what a planner wants to know of them."""
    with pytest.MonkeyPatch.context() as given:
        for name, present in (("created_at", "auto_now_add"), ("updated_at", "auto_now")):
            given.setattr(SubsidyCancellation._meta.get_field(name), present, False)
        write_rows()
    analyse = "ANALYZE TABLE" if connection.vendor == "mysql" else "ANALYZE"
    with connection.cursor() as cursor:
        for model in (SubsidyCancellation, CancellationAttempt):
            cursor.execute(f"{analyse} {model._meta.db_table}")


def write_rows() -> None:
    """So many cancellations, each with a call."""
    rows = SubsidyCancellation.objects.bulk_create(map(row, range(MANY)), batch_size=1_000)
    rows = list(SubsidyCancellation.objects.order_by("pk")) if rows[0].pk is None else rows
    attempts = (
        CancellationAttempt(
            uuid=UUID(int=number),
            cancellation=each,
            claim_token=UUID(int=0),
            mchid=MCHID,
            started_at=LONG_AGO,
            ended_at=LONG_AGO + timedelta(minutes=number),
            request_body=b"{}",
            outcome="succeeded",
            reason="cancelled",
            request_id=f"I{number}",
        )
        for number, each in enumerate(rows)
    )
    CancellationAttempt.objects.bulk_create(attempts, batch_size=1_000)


@pytest.fixture
def root(db: None) -> Client:
    """A browser of somebody who may everything."""
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    return client


def plan(statement: str) -> str:
    """How the database would carry it out."""
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":  # which prefers to read small tables whole
            cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN {statement}")
        columns = [column[0] for column in cursor.description]
        return "\n".join(
            "; ".join(f"{name}={value}" for name, value in zip(columns, each, strict=True))
            for each in cursor.fetchall()
        )


@contextmanager
def planned() -> Iterator[list[str]]:
    """The plans of all SELECTs of cancellations that are made meanwhile."""
    plans: list[str] = []
    with CaptureQueriesContext(connection) as captured:
        yield plans
    statements = [each["sql"] for each in captured]
    ours = [sql for sql in statements if sql.startswith("SELECT") and f"{TABLE}" in sql]
    plans += map(plan, ours)


def indexes(plans: list[str]) -> set[str]:
    """Our indexes in plans; the primary key is `primary`."""
    text = "\n".join(plans).replace(f"{TABLE}_pkey", "primary").replace("key=PRIMARY", " primary")
    text = "\n".join(re.sub(r"possible_keys=[^;]*;", "", line) for line in text.splitlines())
    return {
        name.removeprefix("subsidies_") for name in re.findall(r"subsidies_\w+|primary", text)
    } - {name.removeprefix("subsidies_") for name in re.findall(r"subsidies_\w+", TABLE)}


def reads_all(plans: list[str]) -> list[str]:
    """Plans that read all cancellations."""
    whole = {"postgresql": rf"Seq Scan on {TABLE}", "mysql": rf"table={TABLE};.*type=ALL"}
    return [each for each in plans if re.search(whole[connection.vendor], each)]


@pytest.mark.parametrize(
    ("query", "index"),
    [
        ("", "primary"),
        ("?status__exact=pending", "status"),
        ("?merchant=second", "merchant"),
        ("?sub_mchid=1900000007", "sub_merchant"),
        ("?source__exact=api", "source"),
        ("?created_from=2020-01-01&created_to=2020-01-02", "created"),
        ("?q=T7", "transaction"),
        ("?q=T7", "refund"),
        ("?q=T7", "reference"),
        ("?q=T7", "request_id"),
    ],
)
def test_the_list_in_the_admin(kept_here: None, root: Client, query: str, index: str) -> None:
    with planned() as plans:
        assert root.get(LIST + query).status_code == 200
    assert index in indexes(plans), plans
    assert reads_all(plans) == []


@pytest.mark.parametrize(
    ("query", "index"),
    [
        ("", "primary"),
        ("?ordering=-updated_at", "updated"),
        ("?ordering=-created_at", "created"),
        ("?status=pending", "status"),
        ("?merchant=second", "merchant"),
        ("?sub_mchid=1900000007", "sub_merchant"),
        ("?transaction_id=T7", "transaction"),
        ("?refund_id=R7", "refund"),
        ("?scope=S7", "scope"),
        ("?order=7&order_model=shop.Order", "order"),
        ("?order_reference=N7", "reference"),
        ("?updated_since=2100-01-01T00:00:00Z", "updated"),
        ("?created_before=2000-01-01T00:00:00Z", "created"),
    ],
)
def test_the_list_of_the_api(kept_here: None, root: Client, query: str, index: str) -> None:
    with planned() as plans:
        assert root.get(API + query).status_code == 200
    assert index in indexes(plans), plans
    assert reads_all(plans) == []


def test_claiming_what_is_due(written_anew: None) -> None:
    with planned() as plans:
        unhurried_claims()
    assert "due" in indexes(plans), plans
    assert reads_all(plans) == []


def test_announcing_what_has_arrived(written_anew: None) -> None:
    with planned() as plans:
        announce_due(using="default", until=0)
    assert "announce" in indexes(plans), plans
    assert reads_all(plans) == []


def test_the_status(kept_here: None) -> None:
    with planned() as plans:
        services.status()
    assert plans
    assert reads_all(plans) == []
