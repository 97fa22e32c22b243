"""Asking for what a file lists: each line looked through first, and asked for only if all are well."""

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from django.utils.translation import gettext as _

from ..conf import app_settings
from ..exceptions import InvalidRequest, NotEligible, SeveralTransactions, SubsidyError
from ..models import SubsidyCancellation
from ..orders import OrderAdapter, ReasonCode, Target, adapters, find_order
from ..retrying import PASSING
from ..texts import storable
from .eligibility import refuse_if_not_eligible, refuse_other_merchant, target_named, targets_for
from .groups import record_group
from .recording import refuse_conflict
from .requester import Requester
from .tabular import SCIENTIFIC, Line, Problem
from .transactions import refuse_foreign_transaction, write_alias
from .wishes import Wish, checked_request, order_facts, prepare

logger = logging.getLogger("wechat_subsidies")

CHUNK: Final = 500  # lines looked through, and recorded, at a time
Identity = tuple[str, str]
Status = SubsidyCancellation.Status


@dataclass(slots=True, kw_only=True)
class ListReport:
    """What became of the lines of a file, in numbers; `looked_at` counts those asked for twice.

    `ready` may be asked for, `asked` were recorded (a withdrawn one anew), `recorded_before` had a
    cancellation, by its status. `problems` are the lines that were not asked for, and why.
    """

    looked_at: int = 0
    ready: int = 0
    asked: int = 0
    recorded_before: Counter[str] = field(default_factory=Counter)
    problems: list[Problem] = field(default_factory=list)

    def refuse(self, number: int, error: SubsidyError) -> None:
        """Note what is wrong with a line."""
        self.problems.append(Problem(number, str(error), error.code))


Show = Callable[[ListReport], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """On which terms the lines of a file are asked for."""

    using: str
    merchant: str
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


def cancel_listed(
    lines: Sequence[Line],
    *,
    merchant: str | None = None,
    requested_by: Any = None,
    partial: bool = False,
    skip_bad: bool = False,
    dry_run: bool = False,
    problems: Iterable[Problem] = (),
    on_progress: Show = lambda report: None,
) -> ListReport:
    """Ask for what the lines of a file name (`tabular.read_lines`); the next sweep sends it.

    All lines are looked through before anything is recorded, and nothing is where one of them has a
    problem, unless `skip_bad`. `problems` are those that reading the file has found. Where `ORDERS`
    is set, a line has to name one order, and its rules apply; `partial=True` is the explicit yes to
    partly refunded ones. What has a cancellation is left as it is, only a withdrawn one is asked for
    anew. `merchant` is for transactions without an order; those of orders have to belong to it.

    Safe to repeat. Raises InvalidRequest for an unknown merchant.
    """
    if merchant is not None and merchant not in app_settings.merchants:
        words = _("The settings have no merchant “%(name)s”.") % {"name": merchant}
        raise InvalidRequest(words, fields={"merchant": ("unknown_merchant", words)})
    using = write_alias()
    refuse_foreign_transaction(using)
    terms = Terms(
        using=using,
        merchant=merchant or "default",
        requester=Requester.of(requested_by),
        partial=partial,
    )
    report = ListReport(problems=list(problems))
    seen: dict[Identity, int] = {}
    for chunk in chunks(lines):
        report.ready += len(look_through_lines(chunk, terms=terms, report=report, seen=seen))
        on_progress(report)
    if not dry_run and (skip_bad or not report.problems):
        bad = {problem.line for problem in report.problems}
        report.recorded_before.clear()  # counted anew
        good = [line for line in lines if line.number not in bad]
        ask_for_lines(good, terms=terms, report=report, on_progress=on_progress)
    report.problems.sort(key=lambda problem: problem.line)
    return report


def ask_for_lines(
    lines: Sequence[Line], *, terms: Terms, report: ListReport, on_progress: Show
) -> None:
    """Record what the lines wish for, looked through once more: what has become of it since counts."""
    numbers: dict[Identity, int] = {}
    for chunk in chunks(lines):
        wishes = look_through_lines(chunk, terms=terms, report=report, seen=numbers)
        for each in record_group(wishes, ask_again=True, using=terms.using):
            request = each.wish.request
            if each.is_new:
                report.asked += 1
            elif each.cancellation is not None:  # somebody else was faster
                report.recorded_before[each.cancellation.status] += 1
            else:
                number = numbers[request.sub_mchid, request.transaction_id]
                report.problems.append(Problem(number, each.message, each.code))
        on_progress(report)


def chunks(lines: Sequence[Line]) -> Iterable[Sequence[Line]]:
    """The lines, a few hundred at a time."""
    return (lines[start : start + CHUNK] for start in range(0, len(lines), CHUNK))


def look_through_lines(
    lines: Sequence[Line], *, terms: Terms, report: ListReport, seen: dict[Identity, int]
) -> list[Wish]:
    """What these lines wish for; problems, and cancellations that are there, go into the report."""
    report.looked_at += len(lines)
    found: list[Found] = []
    for line in lines:
        try:
            each = found_by(line, terms=terms)
            refuse_repetition(each, seen=seen)
        except SubsidyError as error:
            report.refuse(line.number, error)
        else:
            found.append(each)
    recorded = recorded_for(found, using=terms.using)
    wishes: list[Wish] = []
    for each in found:
        existing = recorded.get(each.identity)
        try:
            wish = wish_of(each, existing=existing, terms=terms)
        except SubsidyError as error:
            report.refuse(each.line.number, error)
            continue
        if existing is None or existing.status == Status.WITHDRAWN:
            wishes.append(wish)
        else:
            report.recorded_before[existing.status] += 1
    return wishes


def refuse_repetition(found: Found, *, seen: dict[Identity, int]) -> None:
    """Raise InvalidRequest for a transaction that an earlier line has named."""
    first = seen.setdefault(found.identity, found.line.number)
    if first != found.line.number:
        words = _("It is the same transaction as in line %(first)d.") % {"first": first}
        raise InvalidRequest(words, code=ReasonCode.DUPLICATE)


def recorded_for(found: Iterable[Found], *, using: str) -> dict[Identity, SubsidyCancellation]:
    """The cancellations that the transactions have, by their identity (one query)."""
    rows = SubsidyCancellation.objects.using(using).filter(
        transaction_id__in={each.target.transaction_id for each in found}
    )
    return {(row.sub_mchid, row.transaction_id): row for row in rows}


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
            merchant=terms.merchant,
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
        requested_by=terms.requester.user or terms.requester.name,
        source=SubsidyCancellation.Source.COMMAND,
        facts=facts_of(found),
    )
    if found.line.merchant not in {"", wish.merchant.name}:
        words = _("The line says merchant “%(named)s”, and it would be asked of “%(its)s”.") % {
            "named": found.line.merchant,
            "its": wish.merchant.name,
        }
        raise InvalidRequest(words, code="other_merchant")
    if existing is not None:
        refuse_conflict(wish, existing)
    is_open = existing is None or existing.status == Status.WITHDRAWN
    if is_open and found.adapter is not None:
        refuse_if_not_eligible(found.adapter, found.order, found.target, partial=terms.partial)
    return wish


def facts_of(found: Found) -> dict[str, Any]:
    """What a cancellation keeps of the line's order, if it has one."""
    if found.adapter is None:
        return {}
    try:
        return order_facts(found.adapter, found.order, found.target)
    except (SubsidyError, *PASSING):
        raise
    except Exception as error:
        raise failed(found.line) from error
