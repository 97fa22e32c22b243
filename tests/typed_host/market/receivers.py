import logging
from typing import Any

from django.dispatch import receiver

from wechat_subsidies.models import SubsidyCancellation
from wechat_subsidies.services import may_share_profit
from wechat_subsidies.signals import sending_paused, subsidy_cancellation_failed, subsidy_cancelled

from .models import Order

logger = logging.getLogger(__name__)


@receiver(subsidy_cancelled)
def share_profit(cancellation: SubsidyCancellation, attempt_count: int, **kwargs: Any) -> None:
    for order in Order.objects.filter(transaction_id=cancellation.transaction_id):
        if may_share_profit(order):
            Order.objects.filter(pk=order.pk).update(may_be_shared=True)


@receiver(subsidy_cancellation_failed)
def tell_support(cancellation: SubsidyCancellation, **kwargs: Any) -> None:
    logger.warning("%s: %s", cancellation.order_reference, cancellation.error_code)


@receiver(sending_paused)
def tell_operators(pause: Any, **kwargs: Any) -> None:
    logger.warning("Nothing is sent: %s", pause.reason)
