"""What a line of a file names: a transaction, and the order of the shop's that it belongs to."""

import logging
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from ..exceptions import InvalidRequest, NotEligible, SeveralTransactions, SubsidyError
from ..models import SubsidyCancellation
from ..orders import Identity, OrderAdapter, ReasonCode, Target, adapters, find_order
from ..retrying import PASSING
from ..texts import storable
from .eligibility import refuse_if_not_eligible, refuse_other_merchant, target_named, targets_for
from .recording import refuse_conflict
from .requester import Requester
from .tabular import SCIENTIFIC, Line
from .wishes import Wish, checked_request, order_facts, prepare

logger = logging.getLogger("wechat_subsidies")


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """On which terms the lines of a file are asked for."""

    using: str
    merchant: str | None  # None: nobody has named one
    requester: Requester
    partial: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a line names: a transaction, with its order where the shop's orders are known here."""

    line: Line
    target: Target
    adapter: OrderAdapter | None = None
    order: Any = None

    @property
    def identity(self) -> Identity:
        """The transaction's sub-merchant and ID."""
        return self.target.sub_mchid, self.target.transaction_id


def found_by(line: Line, *, terms: Terms) -> Found:
    """What a line names. Raises SubsidyError, in words, for what is none or not clear.

    What the shop's code raises is in the log.
    """
    try:
        by_identifiers = line.sub_mchid and line.transaction_id
        found = found_by_identifiers(line, terms=terms) if by_identifiers else found_by_name(line)
    except (SubsidyError, *PASSING):
        raise
    except NotImplementedError as error:  # which says what to write
        raise InvalidRequest(str(error), code="not_available") from error
    except Exception as error:
        raise failed(line) from error
    if found.adapter is not None:
        refuse_other_merchant(terms.merchant, found.target)
    return found


def failed(line: Line) -> NotEligible:
    """What is raised for a line at which the shop's code fails; to be called in its handler."""
    logger.exception("The order of line %d could not be read.", line.number)
    return NotEligible(ReasonCode.ADAPTER_ERROR.label, code=ReasonCode.ADAPTER_ERROR)


def found_by_identifiers(line: Line, *, terms: Terms) -> Found:
    """The transaction of that name, and its order."""
    sub_mchid, transaction_id = line.sub_mchid, line.transaction_id
    checked_request(
        sub_mchid=sub_mchid, transaction_id=transaction_id, refund_id=None, description=None
    )
    if not adapters():
        target = Target(
            sub_mchid=sub_mchid,
            transaction_id=transaction_id,
            has_refund=True,
            merchant=terms.merchant or "default",
        )
        return Found(line=line, target=target)
    known = find_order(sub_mchid=sub_mchid, transaction_id=transaction_id)
    if known is None:
        words = _("No order has this transaction.")
        raise NotEligible(words, code=ReasonCode.NOT_FOUND)
    adapter, order = known
    target = target_named(adapter, order, sub_mchid=sub_mchid, transaction_id=transaction_id)
    if line.order_reference not in {"", target.reference, storable(target.reference, limit=128)}:
        words = _("The transaction is that of the order %(its)s, not of %(named)s.") % {
            "its": target.reference,
            "named": line.order_reference,
        }
        raise InvalidRequest(words, code="other_order")
    return Found(line=line, target=target, adapter=adapter, order=order)


def found_by_name(line: Line) -> Found:
    """The one order that people call so, and its one transaction."""
    if not adapters():
        words = _("The shop's orders are not known here; give sub_mchid and transaction_id.")
        raise InvalidRequest(words, code="not_available")
    known = [
        (adapter, order)
        for adapter in adapters().values()
        for order in adapter.find_by_reference(line.order_reference)
    ]
    if not known:
        raise no_order_called(line.order_reference)
    if len(known) > 1:
        words = _("%(count)d orders are called %(name)s; give sub_mchid and transaction_id.") % {
            "count": len(known),
            "name": line.order_reference,
        }
        raise InvalidRequest(words, code="several_orders")
    ((adapter, order),) = known
    return Found(line=line, target=only_target(adapter, order), adapter=adapter, order=order)


def no_order_called(name: str) -> NotEligible:
    """What is raised for a reference that no order has."""
    words = _("There is no order %(name)s.") % {"name": name}
    if SCIENTIFIC.fullmatch(name):
        hint = _("A spreadsheet seems to have turned its number into another.")
        words = f"{words} {hint}"
    return NotEligible(words, code=ReasonCode.NOT_FOUND)


def only_target(adapter: OrderAdapter, order: Any) -> Target:
    """The one transaction of an order named by its reference. Raises SubsidyError."""
    targets = targets_for(adapter, order)
    if len(targets) > 1:
        words = _(
            "The order holds %(count)d WeChat Pay transactions; give sub_mchid and transaction_id."
        )
        raise SeveralTransactions(words % {"count": len(targets)})
    if not targets or not targets[0].transaction_id:
        missing = ReasonCode.MISSING_TRANSACTION_ID
        raise NotEligible(missing.label, code=missing)
    if not targets[0].sub_mchid:
        missing = ReasonCode.MISSING_SUB_MCHID
        raise NotEligible(missing.label, code=missing)
    return targets[0]


def wish_of(found: Found, *, existing: SubsidyCancellation | None, terms: Terms) -> Wish:
    """What the line wishes for. Raises SubsidyError for what may not be asked for.

    Of what is recorded already only a withdrawn one has to be eligible.
    """
    wish = prepare(
        found.target,
        description=found.line.description or None,
        refund_id=found.line.refund_id or None,
        merchant=found.target.merchant,
        requester=terms.requester,
        source=SubsidyCancellation.Source.COMMAND,
        facts=order_facts(found.adapter, found.order, found.target) if found.adapter else {},
    )
    if found.line.merchant not in {"", wish.merchant.name}:
        words = _("The line says merchant “%(named)s”, and it would be asked of “%(its)s”.") % {
            "named": found.line.merchant,
            "its": wish.merchant.name,
        }
        raise InvalidRequest(words, code="other_merchant")
    if existing is not None:
        refuse_conflict(wish, existing)
    is_open = existing is None or existing.status == SubsidyCancellation.Status.WITHDRAWN
    if is_open and found.adapter is not None:
        refuse_if_not_eligible(found.adapter, found.order, found.target, partial=terms.partial)
    return wish
