"""What the shop does when it hears of a cancelled subsidy."""

import logging
from typing import Any

from django.dispatch import receiver

from wechat_subsidies.models import SubsidyCancellation
from wechat_subsidies.signals import subsidy_cancelled

logger = logging.getLogger(__name__)


@receiver(subsidy_cancelled)
def start_profit_sharing(cancellation: SubsidyCancellation, **kwargs: Any) -> None:
    """A real shop starts its profit-sharing (分账) here. May be called twice for one order."""
    logger.info("Order %s may be profit-shared now.", cancellation.order_reference)
