"""Shorter waits, in seconds, so that a round takes minutes and not hours; here and nowhere else.

All of them keep the order that safety rests on: what the gateway may still be at work on (`BUSY`)
is over before the grace is, a call is over before its lease is, and no resend comes within the
second for which WeChat Pay takes no other call for an order. The lease itself follows from
TIMEOUT: a window of 1 s, then to connect, to read, and a margin.
"""

from datetime import timedelta
from importlib import import_module
from typing import Final

from django.apps import AppConfig

TIMEOUT: Final = (1.0, 2.0)  # to connect and to read
# For which the gateway is at work at the longest: so long that a resend which came right after the
# timeout, with no grace between, would meet it at work.
BUSY: Final = 3.6
GRACE: Final = 4.0
LONGEST_SILENCE: Final = (
    2.0  # and when it is done with what waited meanwhile, the grace still holds
)
MARGIN: Final = 1.0
LEASE: Final = 1.0 + sum(TIMEOUT) + MARGIN
FIRST_DELAY: Final = 1.0
WAITS: Final[dict[str, float | timedelta]] = {
    "timing.SMALLEST_GRACE": GRACE,
    "timing.LEASE_MARGIN": MARGIN,
    "settling.FIRST_DELAY": FIRST_DELAY,
    "pausing.FIRST_PAUSE": 0.5,
    "pausing.LONGEST_PAUSE": 2.0,
    "announcing.FIRST_DELAY": timedelta(seconds=2),
}


class Haste(AppConfig):
    """Shortens the waits in every process of the proof."""

    name = "torture"
    label = "torture"

    def ready(self) -> None:
        """Once the models are there, for the modules cannot be imported before."""
        for path, seconds in WAITS.items():
            module_name, constant = path.split(".")
            module = import_module(f"wechat_subsidies.sender.{module_name}")
            getattr(module, constant)  # AttributeError where it has another name by now
            setattr(module, constant, seconds)
