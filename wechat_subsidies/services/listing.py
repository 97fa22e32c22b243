"""Asking for what a file lists: each line looked through first, and asked for only if all are well."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from django.utils.translation import gettext as _

from ..conf import app_settings
from ..exceptions import InvalidRequest, SubsidyError
from ..models import SubsidyCancellation
from ..orders import Identity, ReasonCode
from .groups import record_group
from .naming import Found, Terms, found_by, wish_of
from .requester import Requester
from .tabular import Line, Problem
from .transactions import refuse_foreign_transaction, write_alias
from .wishes import Wish

CHUNK: Final = 500  # lines looked through, and recorded, at a time
Status = SubsidyCancellation.Status


@dataclass(slots=True, kw_only=True)
class ListReport:
    """What became of the lines of a file, in numbers; `looked_at` counts those asked for twice.

    `ready` may be asked for, `asked` were recorded; `withdrawn_before` is how many of these (of those
    that are ready, as long as none was asked for) had a cancellation that somebody withdrew.
    `recorded_before` had another one, by its status. `problems` are the lines that were not asked
    for, and why.
    """

    looked_at: int = 0
    ready: int = 0
    asked: int = 0
    withdrawn_before: int = 0
    recorded_before: Counter[str] = field(default_factory=Counter)
    problems: list[Problem] = field(default_factory=list)

    def refuse(self, number: int, error: SubsidyError) -> None:
        """Note what is wrong with a line."""
        self.problems.append(Problem(number, str(error), error.code))


Show = Callable[[ListReport], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """What may be asked for, and whether it was asked for before and withdrawn."""

    wish: Wish
    was_withdrawn: bool

    @property
    def identity(self) -> Identity:
        """The transaction's sub-merchant and ID."""
        return self.wish.request.sub_mchid, self.wish.request.transaction_id


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
        merchant=merchant,
        requester=Requester.of(requested_by),
        partial=partial,
    )
    report = ListReport(problems=list(problems))
    seen: dict[Identity, int] = {}
    for chunk in chunks(lines):
        ready = look_through_lines(chunk, terms=terms, report=report, seen=seen)
        report.ready += len(ready)
        report.withdrawn_before += sum(each.was_withdrawn for each in ready)
        on_progress(report)
    if not dry_run and (skip_bad or not report.problems):
        bad = {problem.line for problem in report.problems}
        report.recorded_before.clear()  # counted anew, as is the next
        report.withdrawn_before = 0
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
        ready = look_through_lines(chunk, terms=terms, report=report, seen=numbers)
        by_identity = {each.identity: each for each in ready}
        wishes = [each.wish for each in ready]
        for each in record_group(wishes, ask_again=True, using=terms.using):
            identity = each.wish.request.sub_mchid, each.wish.request.transaction_id
            if each.is_new:
                report.asked += 1
                report.withdrawn_before += by_identity[identity].was_withdrawn
            elif each.cancellation is not None:  # somebody else was faster
                report.recorded_before[each.cancellation.status] += 1
            else:
                report.problems.append(Problem(numbers[identity], each.message, each.code))
        on_progress(report)


def chunks(lines: Sequence[Line]) -> Iterable[Sequence[Line]]:
    """The lines, a few hundred at a time."""
    return (lines[start : start + CHUNK] for start in range(0, len(lines), CHUNK))


def look_through_lines(
    lines: Sequence[Line], *, terms: Terms, report: ListReport, seen: dict[Identity, int]
) -> list[Ready]:
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
    ready: list[Ready] = []
    for each in found:
        existing = recorded.get(each.identity)
        try:
            wish = wish_of(each, existing=existing, terms=terms)
        except SubsidyError as error:
            report.refuse(each.line.number, error)
            continue
        if existing is None or existing.status == Status.WITHDRAWN:
            ready.append(Ready(wish=wish, was_withdrawn=existing is not None))
        else:
            report.recorded_before[existing.status] += 1
    return ready


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
