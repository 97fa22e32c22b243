"""How an answer travels back, or fails to."""

import threading
from dataclasses import dataclass
from typing import Protocol

from wechat_subsidies.sandbox.messages import Answer
from wechat_subsidies.sandbox.wire import Wire


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long a delivery waits: `seconds` (None: without end), or until `released`."""

    seconds: float | None
    released: threading.Event


class Delivery(Protocol):
    """One way for an answer to travel."""

    def __call__(self, answer: Answer, *, wire: Wire, patience: Patience) -> None: ...


def at_once(answer: Answer, *, wire: Wire, patience: Patience) -> None:
    """Send it."""
    wire.send(answer)


def after_waiting(answer: Answer, *, wire: Wire, patience: Patience) -> None:
    """Wait, then send it, if there is still somebody who listens."""
    if wire.wait(patience.seconds, released=patience.released):
        wire.send(answer)
    else:
        wire.close()


def dropped(answer: Answer, *, wire: Wire, patience: Patience) -> None:
    """Close the connection in place of an answer."""
    wire.close()


def reset(answer: Answer, *, wire: Wire, patience: Patience) -> None:
    """Reset the connection in place of an answer."""
    wire.reset()


def truncated(answer: Answer, *, wire: Wire, patience: Patience) -> None:
    """Send half of the body and close: fewer bytes than Content-Length promises."""
    wire.send_head(answer)
    wire.send_bytes(answer.body[: len(answer.body) // 2])
    wire.close()


def dripped(answer: Answer, *, wire: Wire, patience: Patience) -> None:
    """Send the body byte by byte, with a wait before each; once released, the rest at once."""
    wire.send_head(answer)
    for position in range(len(answer.body)):
        if not wire.wait(patience.seconds, released=patience.released):
            wire.close()
            return
        wire.send_bytes(answer.body[position : position + 1])
