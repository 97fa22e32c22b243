"""One who asks, in a process of its own: python -m tests.dispatch.asker

Each line that comes in is a JSON list: the name of a way to ask, and the transactions asked for. What
comes out, once that is done, is its length.
"""

import json
import sys

import django


def one_by_one(transactions: list[str]) -> None:
    """As the shop's own code asks, where an order is refunded."""
    from wechat_subsidies import services

    for each in transactions:
        services.cancel_subsidy(sub_mchid="1900013401", transaction_id=each)


def in_a_batch(transactions: list[str]) -> None:
    """As the shop's own code asks for many orders."""
    from example_project.shop.models import Order
    from wechat_subsidies import services

    services.cancel_subsidies(Order.objects.filter(wechat_transaction_id__in=transactions))


WAYS = {way.__name__: way for way in (one_by_one, in_a_batch)}

if __name__ == "__main__":
    django.setup()
    for line in sys.stdin:
        way, asked = json.loads(line)
        WAYS[way](asked)
        sys.stdout.write(f"{len(asked)}\n")
        sys.stdout.flush()
