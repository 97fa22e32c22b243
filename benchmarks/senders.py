"""Processes that send, from outside."""

from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any, Self

from .workers import Worker


class Sender(Worker):
    """One of `benchmarks.sending`, while the context lasts. Idle until it is told something."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        super().__init__("sending", environment=environment)

    def __enter__(self) -> Self:
        super().__enter__()
        self.ask("status")  # imports, connects, reads the settings
        return self


def side_by_side(count: int, environment: Mapping[str, str]) -> list[dict[str, Any]]:
    """What so many processes say that send what is due together."""
    with ExitStack() as stack:
        senders = [stack.enter_context(Sender(environment)) for _ in range(count)]
        for sender in senders:
            sender.begin("due")
        return [sender.facts() for sender in senders]
