"""Whether an order's subsidy may be cancelled."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext as _

from ..conf import app_settings
from ..exceptions import InvalidRequest, NotEligible, SubsidyError
from ..orders import ImpossibleTarget, OrderAdapter, Reason, ReasonCode, Target, targets_of
from ..retrying import PASSING

logger = logging.getLogger("wechat_subsidies")


def targets_for(adapter: OrderAdapter, order: Any) -> list[Target]:
    """The order's transactions, looked through.

    Raises NotEligible: with the code `invalid` where the shop says what cannot be, with
    `adapter_error` where its code fails; the traceback is in the log.
    """
    try:
        return targets_of(adapter, order)
    except ImpossibleTarget as error:
        raise NotEligible(str(error), code=ReasonCode.INVALID) from error
    except Exception as error:
        raise adapter_failed(adapter, order) from error


def adapter_failed(adapter: OrderAdapter, order: Any) -> NotEligible:
    """What is raised for an order in which the shop's own code fails; to be called in its handler."""
    logger.exception("The order %s %s could not be read.", adapter.model._meta.label, order.pk)
    return NotEligible(ReasonCode.ADAPTER_ERROR.label, code=ReasonCode.ADAPTER_ERROR)


@contextmanager
def the_shops_code(what: str, name: object) -> Iterator[None]:
    """A block that runs the shop's own code, to do `what` with an order, or a transaction, of this name.

    Raises NotEligible with the code `adapter_error` where it fails; the traceback is in the log.
    What the set-up has wrong and what passes by itself is raised as it is.
    """
    try:
        yield
    except (SubsidyError, ImproperlyConfigured, NotImplementedError, *PASSING):
        raise
    except Exception as error:
        logger.exception("The shop's code could not %s %s.", what, name)
        raise NotEligible(ReasonCode.ADAPTER_ERROR.label, code=ReasonCode.ADAPTER_ERROR) from error


def target_named(
    adapter: OrderAdapter, order: Any, *, sub_mchid: str, transaction_id: str
) -> Target:
    """The order's transaction of that name.

    Raises NotEligible if the order has none like that: found under another sub-merchant, say.
    """
    for target in targets_for(adapter, order):
        if (target.sub_mchid, target.transaction_id) == (sub_mchid, transaction_id):
            return target
    raise NotEligible(ReasonCode.NOT_FOUND.label, code=ReasonCode.NOT_FOUND)


def reason_against(
    adapter: OrderAdapter, order: Any, target: Target, *, partial: bool
) -> Reason | None:
    """Why the transaction's subsidy is not to be cancelled, an explicit yes taken into account.

    Raises NotEligible with the code `adapter_error` where the shop's code fails.
    """
    try:
        reason = adapter.why_not(order, target)
    except Exception as error:
        raise adapter_failed(adapter, order) from error
    if reason is None or reason.code != ReasonCode.PARTLY_REFUNDED:
        return reason
    return None if partial and app_settings.partial_refunds == "ask" else reason


def refuse_if_not_eligible(
    adapter: OrderAdapter, order: Any, target: Target, *, partial: bool
) -> None:
    """Raise NotEligible, with the reason's code and words, unless the subsidy may be cancelled."""
    reason = reason_against(adapter, order, target, partial=partial)
    if reason is not None:
        raise NotEligible(reason.message, code=reason.code)


def refuse_other_merchant(merchant: str | None, target: Target) -> None:
    """Raise InvalidRequest if a merchant was named (None: none was), and not the order's."""
    if merchant in {None, target.merchant}:
        return
    words = _("The order belongs to the merchant “%(its)s”, not to “%(named)s”.") % {
        "its": target.merchant,
        "named": merchant,
    }
    raise InvalidRequest(words, fields={"merchant": ("not_the_orders", words)})
