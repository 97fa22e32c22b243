"""What came before the newest part of a history: copies of it, made by the database, all of them over."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from django.db import connection
from django.db.models import Model

from example_project.shop.models import Order, Refund
from wechat_subsidies.models import (
    CancellationAttempt,
    CancellationBatch,
    CancellationBatchItem,
    SubsidyCancellation,
)

from .history import BATCHES, PART, SPAN

COPIES: Final = (
    Order,
    Refund,
    SubsidyCancellation,
    CancellationAttempt,
    CancellationBatch,
    CancellationBatchItem,
)
COPIED: Final = 10  # parts copied by a statement
IS_OVER: Final = "status IN ('succeeded', 'failed', 'withdrawn')"


def earlier_parts(count: int) -> Iterator[str]:
    """Statements that add what came before the newest part, the oldest first."""
    for furthest in range(count // PART - 1, 0, -COPIED):
        nearest = max(1, furthest - COPIED + 1)
        for model, changed in columns(PART * SPAN / count).items():
            yield copied(model, changed, parts=(nearest, furthest), count=count)


def columns(length: timedelta) -> dict[type[Model], dict[str, str]]:
    """What is different in a copy, by column; `back` is how many parts of this length it goes back."""
    own, order = f"(id - back * {PART})", f"(id - back * {2 * PART})"
    its_order = f"(2 * {own})"
    texts = {
        "transaction_id": numbered("42", its_order),
        "refund_id": numbered("50", its_order),
        "order_pk": f"CONCAT({its_order})",
        "order_reference": numbered("N", its_order),
    }
    moment = "({} - back * " + str(length // timedelta(microseconds=1)) + ")"
    instants = {name: moment.format(name) for name in ("asked_at", "started_at", "ended_at")}
    dates = {name: earlier(name, length) for name in ("created_at", "updated_at", "completed_at")}
    cancellation = f"(cancellation_id - back * {PART})"
    over = {
        "status": f"CASE WHEN {IS_OVER} THEN status ELSE 'succeeded' END",
        "proof": f"CASE WHEN {IS_OVER} THEN proof ELSE 'wechat' END",
        "send_after": "NULL",
        "request_id": numbered("R", own),
    }
    return {
        Order: {
            "id": order,
            "number": numbered("N", order),
            "wechat_transaction_id": numbered("42", order),
            "paid_at": earlier("paid_at", length),
        },
        Refund: {
            "id": own,
            "order_id": its_order,
            "refund_id": texts["refund_id"],
            "refunded_at": earlier("refunded_at", length),
        },
        SubsidyCancellation: {
            "id": own,
            **texts,
            **over,
            **dates,
            "asked_at": instants["asked_at"],
        },
        CancellationAttempt: {
            "id": own,
            "uuid": f"CAST({numbered('00000000-0000-4000-8000-', own)} AS uuid)",
            "cancellation_id": cancellation,
            "started_at": instants["started_at"],
            "ended_at": instants["ended_at"],
            "request_id": over["request_id"],
        },
        CancellationBatch: {
            "id": f"(id - back * {BATCHES})",
            "created_at": dates["created_at"],
        },
        CancellationBatchItem: {
            "id": own,
            "batch_id": f"(batch_id - back * {BATCHES})",
            **texts,
            "cancellation_id": cancellation,
            "asked_at": instants["asked_at"],
        },
    }


def numbered(prefix: str, number: str) -> str:
    """The SQL of a text that ends in a number of twelve digits."""
    return f"CONCAT('{prefix}', LPAD(CONCAT({number}), 12, '0'))"


def earlier(column: str, length: timedelta) -> str:
    """The SQL of a moment in an earlier part."""
    seconds = f"back * {length // timedelta(seconds=1)}"
    if connection.vendor == "postgresql":
        return f"{column} - make_interval(secs => {seconds})"
    return f"{column} - INTERVAL ({seconds}) SECOND"


def copied(
    model: type[Model], changed: dict[str, str], *, parts: tuple[int, int], count: int
) -> str:
    """The statement that copies the newest part so many parts back."""
    nearest, furthest = parts
    names = [field.column for field in model._meta.concrete_fields if field.column]
    values = [changed.get(name, name) for name in names]
    rows = {Order: 2 * PART, CancellationBatch: BATCHES}.get(model, PART)
    first = rows * (count // PART - 1) + (2 if model is Order else 1)
    # Counted in a table: generated on the one database, of an engine of its own on the other.
    series = {
        "postgresql": f"generate_series({nearest}, {furthest}) AS parts (back)",
        "mysql": f"(SELECT seq AS back FROM seq_{nearest}_to_{furthest}) AS parts",
    }
    return (
        f"INSERT INTO {model._meta.db_table} ({', '.join(names)}) "
        f"SELECT {', '.join(values)} FROM {model._meta.db_table}, {series[connection.vendor]} "
        f"WHERE id BETWEEN {first} AND {first + rows - 1} ORDER BY back DESC, id"
    )
