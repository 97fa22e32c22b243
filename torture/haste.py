"""Shorter waits, so that a round takes minutes and not hours; here and nowhere else.

All of them keep the order that safety rests on: what the gateway may still be at work on (`BUSY`)
is over before the grace is, a call is over before its lease is, and no resend comes within the
second for which WeChat Pay takes no other call for an order. The lease itself follows from
TIMEOUT in the settings: a window of 1 s, 1 s to connect, 2 s to read, and the margin below.
"""

from datetime import timedelta
from importlib import import_module
from typing import Final

from django.apps import AppConfig

BUSY: Final = 2.4  # seconds for which the gateway is at work at the longest
GRACE: Final = 3.0
MARGIN: Final = 1.0
LEASE: Final = 1 + 1 + 2 + MARGIN
WAITS: Final[dict[str, float | timedelta]] = {
    "timing.SMALLEST_GRACE": GRACE,
    "timing.LEASE_MARGIN": MARGIN,
    "settling.FIRST_DELAY": 1.0,
    "pausing.FIRST_PAUSE": 0.5,
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
