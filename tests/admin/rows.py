"""Cancellations for tests, as they would be after whatever happened to them."""

from collections.abc import Callable
from typing import Any

import pytest

from wechat_subsidies.models import SubsidyCancellation
from wechat_subsidies.services import cancel_subsidy_for_order

Ask = Callable[..., SubsidyCancellation]

REFUSED = {"status": "failed", "send_after": None, "reason": "invalid_request"}
DOUBTFUL = {"status": "needs_review", "send_after": None, "in_doubt": True}
CANCELLED = {"status": "succeeded", "send_after": None, "proof": "wechat", "result": "SUCCESS"}


@pytest.fixture
def ask(make_order: Any) -> Ask:
    """Ask for the cancellation of an order's subsidy without sending it, then change the row."""

    def make(*, number: str = "N-1", **changes: Any) -> SubsidyCancellation:
        cancellation = cancel_subsidy_for_order(make_order(number=number), send="later")
        if changes:
            SubsidyCancellation.objects.filter(pk=cancellation.pk).update(**changes)
            cancellation.refresh_from_db()
        return cancellation

    return make
