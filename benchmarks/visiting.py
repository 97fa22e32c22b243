"""The process that visits a shop: pages, lists and what sending asks of the database, one at a time."""

import json
import re
import sys
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode

import django
from django.core.paginator import Paginator

from .gateway import MCHID

CLAIMED: Final = 50
RECENT: Final = 300  # calls that have just ended
CANCELLATIONS: Final = "/admin/wechat_subsidies/subsidycancellation/"
BATCHES: Final = "/admin/wechat_subsidies/cancellationbatch/"
ORDERS: Final = "/admin/shop/order/"
API: Final = "/api/subsidies/cancellations/"

Visit = Callable[[], object]


def pages(count: int) -> dict[str, str]:
    """The addresses of pages in a shop with so many cancellations, by what they show."""
    from . import history

    now = datetime.now().astimezone()
    newest = history.Place(count - 1, count, now)
    batch = history.batch_of(count)
    days = {"created_from": (newest.at - timedelta(days=10)).date(), "created_to": now.date()}
    lately = {"updated_since": (now - timedelta(days=2)).isoformat()}
    states = ("to_cancel", "in_progress", "cancelled", "refused", "needs_review", "old")
    return {
        "cancellations": CANCELLATIONS,
        "cancellations, waiting": f"{CANCELLATIONS}?status__exact=pending",
        "cancellations, refused": f"{CANCELLATIONS}?status__exact=failed",
        "cancellations, succeeded": f"{CANCELLATIONS}?status__exact=succeeded",
        "cancellations, of a sub-merchant": f"{CANCELLATIONS}?sub_mchid={history.sub_mchid(7)}",
        "cancellations, of ten days": f"{CANCELLATIONS}?{urlencode(days)}",
        "cancellations, from the API": f"{CANCELLATIONS}?source__exact=api",
        "cancellations, search": f"{CANCELLATIONS}?q={newest.texts['transaction_id']}",
        "cancellations, search by Request-ID": f"{CANCELLATIONS}?q=R{newest.number:012}",
        "a cancellation": f"{CANCELLATIONS}{newest.number}/change/",
        "batches": BATCHES,
        "a batch": f"{BATCHES}{batch}/",
        "orders, with our column": ORDERS,
        **{f"orders, filter “{state}”": f"{ORDERS}?subsidy_state={state}" for state in states},
        "API: list": API,
        "API: waiting": f"{API}?status=pending",
        "API: refused": f"{API}?status=failed",
        "API: succeeded": f"{API}?status=succeeded",
        "API: of a sub-merchant": f"{API}?sub_mchid={history.sub_mchid(7)}",
        "API: by transaction ID": f"{API}?transaction_id={newest.texts['transaction_id']}",
        "API: changed lately": f"{API}?{urlencode({**lately, 'ordering': 'updated_at'})}",
        "API: a batch's": f"{API}?batch={batch}",
    }


class Uncounted(Paginator):  # type: ignore[type-arg]  # generic for mypy alone
    """The pages of a list that is not counted."""

    count = 10_000


def leave_orders_uncounted() -> None:
    """Have the shop's list of orders be one of a large shop's: not counted, and without a join.

    Both are Django's own. For the names of sellers MariaDB reads all orders, seller by seller.
    """
    from django.contrib import admin

    from example_project.shop.models import Order

    page: Any = admin.site.get_model_admin(Order)
    page.show_full_result_count, page.paginator = False, Uncounted
    page.list_display = [name for name in page.list_display if name != "seller"]


def visits(count: int) -> dict[str, Visit]:
    """All there is to visit, by name."""
    from django.contrib.auth.models import User
    from django.test import Client

    from wechat_subsidies import services

    client = Client()
    client.force_login(User.objects.get(username="root"))

    def look_at(address: str) -> Visit:
        return lambda: found(client, address)

    return {
        "claiming what is due": claim_and_give_back,
        "status()": services.status,
        **{name: look_at(address) for name, address in pages(count).items()},
    }


def found(client: Any, address: str) -> None:
    """Look at a page. Raises RuntimeError for one that is none."""
    answer = client.get(address)
    if answer.status_code != 200:
        raise RuntimeError(f"{address}: {answer.status_code}")


def claim_and_give_back() -> None:
    """Claim what is due, and leave it as it was."""
    from wechat_subsidies.sender.claiming import claim, give_back

    claims = claim(using="default", mchid=MCHID, limit=CLAIMED).claims
    if len(claims) != CLAIMED:
        raise RuntimeError(f"{len(claims)} claimed")
    give_back(claims, using="default")


def freshen(count: int) -> None:
    """Have some calls end only now: a kept history grows old."""
    from wechat_subsidies import clock
    from wechat_subsidies.models import CancellationAttempt

    newest = CancellationAttempt.objects.filter(pk__gt=count - RECENT)
    newest.update(ended_at=clock.now("default"))


def version() -> str:
    """The version of the database's server."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT version()")
        found = re.search(r"[\d.]+", cursor.fetchone()[0])
    return found[0] if found else ""


def timed(visit: Visit) -> dict[str, Any]:
    """Seconds that it takes, and queries that it makes."""
    from django.db import connection

    from .sending import Statements

    statements = Statements()
    with connection.execute_wrapper(statements):
        started = time.perf_counter()
        visit()
        seconds = time.perf_counter() - started
    return {"seconds": seconds, "queries": statements.total}


def main() -> None:
    """Have a history of as many cancellations as are asked for; answer lines of input by JSON.

    "names": those of visits, and the server's version; "visit NAME".
    """
    count = int(sys.argv[1])
    django.setup()
    from .filling import prepare

    prepare(count)
    freshen(count)
    leave_orders_uncounted()
    known = visits(count)
    for line in sys.stdin:
        name = line.strip().removeprefix("visit ")
        is_one = name in known
        facts = timed(known[name]) if is_one else {"names": [*known], "version": version()}
        print(json.dumps(facts), flush=True)


if __name__ == "__main__":
    main()
