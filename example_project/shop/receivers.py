"""What the shop does when it hears of a cancelled subsidy."""

import logging
from typing import Any

from django.dispatch import receiver

from wechat_subsidies import services
from wechat_subsidies.models import SubsidyCancellation
from wechat_subsidies.signals import subsidy_cancelled

from .models import Order, ProfitSharing

logger = logging.getLogger(__name__)


@receiver(subsidy_cancelled)
def start_profit_sharing(cancellation: SubsidyCancellation, **kwargs: Any) -> None:
    """Hand the order over to be profit-shared (分账), once all its subsidies are cancelled.

    The signal comes at least once, also after a crash, and now and then twice: the row that is
    made here is what a real shop would work off, and there is one for each order.
    """
    for order in Order.objects.filter(wechat_transaction_id=cancellation.transaction_id):
        if services.may_share_profit(order):
            _, is_new = ProfitSharing.objects.get_or_create(order=order)
            if is_new:
                logger.info("Order %s may be profit-shared now.", order)
