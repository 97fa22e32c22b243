"""What a call means for its row: asked of `wechat_subsidies.sender`, so that nothing drifts apart.

The package's own formulas, with small numbers, so that the search comes to its end.
"""

import contextlib
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final
from unittest.mock import patch

from django.conf import settings
from django.test import override_settings

from wechat_subsidies.conf import app_settings
from wechat_subsidies.models import SubsidyCancellation
from wechat_subsidies.models.fields import EPOCH
from wechat_subsidies.outcomes import LOST, MEANINGS
from wechat_subsidies.sender import settling, timing

MAX_ATTEMPTS: Final = 2
TIMING: Final = timing.Timing(connect=1, read=1)


@contextlib.contextmanager
def small_numbers() -> Iterator[None]:
    """The package with delays of a second or two, no jitter, and two tries."""
    configured = {**settings.WECHAT_SUBSIDIES, "MAX_ATTEMPTS": MAX_ATTEMPTS}
    with (
        override_settings(WECHAT_SUBSIDIES=configured),
        patch.multiple(settling, FIRST_DELAY=timing.ORDER_INTERVAL, JITTER=0.0),
        patch.multiple(timing, LEASE_MARGIN=1.0, SMALLEST_GRACE=2.0),
    ):
        decided.cache_clear()
        yield
    decided.cache_clear()


@cache
def decided(
    reason: str, *, unknown_count: int, was_in_doubt: bool, grace: float, gave_up: bool
) -> dict[str, Any]:
    """The columns that change, times in seconds after the end of the call.

    `gave_up`: it has been tried for GIVE_UP_AFTER.
    """
    tried_since = EPOCH - app_settings.give_up_after if gave_up else EPOCH
    row = SubsidyCancellation(unknown_count=unknown_count, first_called_at=tried_since)
    if reason == LOST.reason:
        settled = settling.settled_as_lost(row, lease_until=EPOCH, grace=grace)
    else:
        settled = settling.Settled(
            cancellation=row,
            was_in_doubt=was_in_doubt,
            meaning=MEANINGS[reason],
            ended_at=EPOCH,
            grace=grace,
        )
    changes = settled.changes()
    assert changes["claim_token"] is changes["lease_until"] is None
    columns = {name: changes[name] for name in ("status", "in_doubt")}
    columns |= {name: changes[name] for name in ("unknown_count", "proof") if name in changes}
    columns["due"] = seconds(changes["send_after"])
    columns["not_before"] = seconds(changes["not_before"])
    return columns


def seconds(moment: datetime | None) -> int | None:
    """Whole seconds after the end of the call."""
    if moment is None:
        return None
    count, rest = divmod(moment - EPOCH, timedelta(seconds=1))
    assert not rest
    return count
