"""A process that sends what is due and then says what that took: python -m benchmarks.sending

On demand it also makes bare calls of the client, so that both are measured in one process.
"""

import json
import sys
import time
from collections import Counter
from collections.abc import Callable
from typing import Any, Final

import django

# Not counted: they begin, end or subdivide a transaction, and read or write nothing.
OF_TRANSACTIONS: Final = {"BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE", "SET"}


class Statements:
    """Counts statements, by their first word."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()

    def __call__(
        self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any
    ) -> Any:
        """Count one, and have it executed."""
        self.counts[sql.split(None, 1)[0].upper()] += 1
        return execute(sql, params, many, context)

    @property
    def total(self) -> int:
        """All that read or write something."""
        return sum(n for word, n in self.counts.items() if word not in OF_TRANSACTIONS)

    def count_on_every_connection(self) -> None:
        """Count on those, too, that threads open later: announcing has one of its own."""
        from django.db.backends.signals import connection_created

        def count(connection: Any, **kwargs: Any) -> None:
            if self not in connection.execute_wrappers:
                connection.execute_wrappers.append(self)

        connection_created.connect(count, weak=False)


def bare_calls(count: int) -> dict[str, Any]:
    """So many calls of the client, one after the other, and nothing recorded."""
    from wechat_subsidies.conf import app_settings
    from wechat_subsidies.sender.clients import client_for

    client = client_for(app_settings.merchant("default"))
    cpu, started = time.process_time(), time.monotonic()
    for number in range(count):
        client.cancel_subsidy(
            sub_mchid="1900013401",
            transaction_id=f"42000004{number:020}",
            refund_id=f"50{number:026}",
            description="订单退款",
        )
    return {
        "calls": count,
        "cpu": time.process_time() - cpu,
        "seconds": time.monotonic() - started,
    }


def all_that_is_due(statements: Statements) -> dict[str, Any]:
    """One sweep, as the command makes it."""
    from wechat_subsidies import services
    from wechat_subsidies.management.collecting import what_is_loaded_left_alone

    statements.counts.clear()
    cpu, started = time.process_time(), time.monotonic()
    with what_is_loaded_left_alone():
        report = services.process_due()
    return {
        "calls": report.calls,
        "cpu": time.process_time() - cpu,
        "seconds": time.monotonic() - started,
        "statements": statements.total,
    }


def main() -> None:
    """Do what the lines of input say, and answer each by one of JSON.

    "status", to be warm; "bare COUNT" calls; "due": send all that is.
    """
    django.setup()
    from wechat_subsidies import services

    statements = Statements()
    statements.count_on_every_connection()
    for line in sys.stdin:
        match line.split():
            case ["bare", count]:
                facts = bare_calls(int(count))
            case ["status"]:
                facts = {"due": services.status().due}
            case _:
                facts = all_that_is_due(statements)
        print(json.dumps(facts), flush=True)


if __name__ == "__main__":
    main()
