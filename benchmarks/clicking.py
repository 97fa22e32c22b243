"""The process of a shop in whose admin somebody selects many orders and chooses an action."""

import json
import sys
import time
import tracemalloc
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any, Final

import django

ORDERS: Final = "/admin/shop/order/"

Click = Callable[[int], object]


def prepare(count: int) -> None:
    """So many orders, refunded, for which nobody has asked yet; nothing else."""
    from django.db import connection

    from . import history
    from .filling import analyse

    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    now = datetime.now().astimezone()
    places = [history.Place(number, count, now) for number in range(1, count + 1)]
    parts: list[list[Any]] = [
        [history.root()],
        history.sellers(),
        [history.order(each, key=each.order) for each in places],
        [history.refund(each) for each in places],
    ]
    for rows in parts:
        type(rows[0]).objects.bulk_create(rows, batch_size=history.INSERTED)
    analyse()


def clicks() -> dict[str, Click]:
    """What is chosen, by name; each takes how many orders are selected."""
    from django.contrib.auth.models import User
    from django.test import Client

    client = Client()
    client.force_login(User.objects.get(username="root"))

    def choose(action: str, count: int) -> Any:
        # All that the list shows, on all of its pages: as with the link above it.
        chosen = {"action": action, "_selected_action": ["2"], "select_across": "1", "index": "0"}
        return client.post(f"{ORDERS}?id__lte={2 * count}", chosen)

    def cancel_subsidies(count: int) -> None:
        answer = client.get(choose("cancel_subsidies", count).url)
        if answer.status_code != 200:
            raise RuntimeError(f"The preview answers {answer.status_code}.")

    def delete_selected(count: int) -> None:
        answer = choose("delete_selected", count)
        if answer.status_code != 200:
            raise RuntimeError(f"The confirmation answers {answer.status_code}.")

    return {"ours": cancel_subsidies, "django": delete_selected}


def forget_drafts(count: int) -> None:
    """Remove what a click has drafted. Raises RuntimeError if that is not what it should be."""
    from wechat_subsidies.models import CancellationBatch, CancellationBatchItem

    items = CancellationBatchItem.objects.filter(status="draft")
    if items.count() != count:
        raise RuntimeError(f"{items.count()} items are drafted, not {count}.")
    items.delete()
    CancellationBatch.objects.all().delete()


def timed(act: Callable[[], object]) -> dict[str, float]:
    """Seconds that it takes, and queries that it makes."""
    from django.db import connection

    from .sending import Statements

    statements = Statements()
    with connection.execute_wrapper(statements):
        started = time.perf_counter()
        act()
        seconds = time.perf_counter() - started
    return {"seconds": seconds, "queries": statements.total}


def weighed(act: Callable[[], object]) -> dict[str, float]:
    """Bytes that Python holds at the most at one time, besides what it held before."""
    tracemalloc.start()
    act()
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return {"bytes": peak}


def answer(words: str, *, known: dict[str, Click]) -> dict[str, float]:
    """What is said to a line of input."""
    verb, name, count = words.split()
    if verb == "forget":
        forget_drafts(int(count))
        return {}
    measure = timed if verb == "timed" else weighed
    return measure(partial(known[name], int(count)))


def main() -> None:
    """Have as many orders as are asked for; do what the lines of input say, answer each by one of JSON.

    "timed NAME COUNT" or "weighed NAME COUNT" of a click on so many orders; "forget - COUNT" drafts.
    """
    django.setup()
    from django.db import connection

    name = connection.settings_dict["NAME"]
    prepare(int(sys.argv[1]))
    try:
        known = clicks()
        for line in sys.stdin:
            print(json.dumps(answer(line, known=known)), flush=True)
    finally:
        connection.creation.destroy_test_db(name, verbosity=0)


if __name__ == "__main__":
    main()
