"""What is left to do: every refunded order without a cancellation, found and asked for."""

import logging
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial as bind
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.db import models
from django.utils.translation import gettext as _

from .. import clock
from ..conf import SETTING, app_settings
from ..exceptions import InvalidRequest
from ..models import CancellationBatch, CancellationBatchItem, SubsidyCancellation
from ..orders import OrderAdapter, Reason, ReasonCode, adapters
from ..orders.mapped import MappedOrderAdapter
from ..retrying import retried
from .draft_items import recorded_for
from .groups import record_group
from .looking_through import CHUNK, Candidate, Given, load_orders, look_through
from .requester import Requester
from .transactions import refuse_foreign_transaction, write_alias
from .wishes import Wish

logger = logging.getLogger("wechat_subsidies")


@dataclass(slots=True, kw_only=True)
class WorkReport:
    """What a run has come to so far, in orders and in their transactions.

    `orders` have been looked at; `asked` is the number of cancellations recorded (of those that
    would be, in a dry run), `recorded_before` of those that were there. `left_out` counts, by the
    code of the reason, what is not cancelled; `recent` was refunded too lately, and of `undated`
    the shop does not say when. `unread` names the models whose candidates could not be read.
    """

    orders: int = 0
    asked: int = 0
    recorded_before: int = 0
    recent: int = 0
    undated: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    unread: list[str] = field(default_factory=list)


Show = Callable[[WorkReport], None]
Tell = Callable[[Candidate], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """On which terms a run asks."""

    using: str
    batch: CancellationBatch  # never saved: it says who asks, and through which door
    partial: bool
    refunded_before: datetime | None
    dry_run: bool
    limit: int | None
    on_wish: Tell


def cancel_refunded(
    *,
    model: str | None = None,
    older_than: timedelta | None = None,
    limit: int | None = None,
    partial: bool = False,
    dry_run: bool = False,
    requested_by: Any = None,
    on_progress: Show = lambda report: None,
    on_wish: Tell = lambda candidate: None,
) -> WorkReport:
    """Ask for every refunded order that has no cancellation; the next sweep sends them.

    `model` is the label of one of the models in `ORDERS`, `limit` bounds the cancellations recorded.
    `older_than` leaves those alone that were refunded more recently, by the database's clock, or of
    which the shop does not say when. `partial=True` is the explicit yes to partly refunded orders.
    With `dry_run` nothing is recorded. `on_progress` is called with the report so far after every
    few hundred orders, `on_wish` with each candidate that is, or would be, asked for.

    Whatever has a cancellation in any state, a withdrawn one too, is left as it is, and so is what a
    person kept from being asked for by stopping a confirmed batch; so that it is
    safe to repeat and to run twice at a time. Orders are worked through in the order of their keys.
    Raises InvalidRequest for an unknown model, and where a mapping does not say when.
    """
    using = write_alias()
    refuse_foreign_transaction(using)
    chosen = chosen_adapters(model)
    requester = Requester.of(requested_by)
    terms = Terms(
        using=using,
        batch=CancellationBatch(
            source=SubsidyCancellation.Source.AUTO,
            requested_by=requester.user,
            requested_by_name=requester.name,
        ),
        partial=partial,
        refunded_before=moment_before(older_than, chosen, using=using),
        dry_run=dry_run,
        limit=limit,
        on_wish=on_wish,
    )
    report = WorkReport()
    for adapter in chosen:
        work_through(adapter, terms=terms, report=report, on_progress=on_progress)
    return report


def count_candidates(model: str | None = None) -> int:
    """How many orders a run would look at; where candidates cannot be read, without those."""
    return sum(count_of(adapter) for adapter in chosen_adapters(model))


def count_of(adapter: OrderAdapter) -> int:
    """How many orders of one model a run would look at."""
    try:
        return adapter.candidates().count()
    except Exception:
        logger.exception("The candidates of %s cannot be counted.", adapter.label)
        return 0


def chosen_adapters(model: str | None) -> list[OrderAdapter]:
    """The adapter of one model, or all there are. Raises InvalidRequest if there is none."""
    known = {adapter.label: adapter for adapter in adapters().values()}
    if not known:
        words = _("WECHAT_SUBSIDIES['ORDERS'] is not set, so there are no orders to look through.")
        raise InvalidRequest(words, fields={"model": ("not_available", words)})
    if model is None:
        return list(known.values())
    for label, adapter in known.items():
        if label.lower() == model.lower():
            return [adapter]
    words = _("There are no orders of the model “%(model)s”; there are: %(labels)s.") % {
        "model": model,
        "labels": ", ".join(sorted(known)),
    }
    raise InvalidRequest(words, fields={"model": ("unknown_model", words)})


def moment_before(
    older_than: timedelta | None, chosen: Iterable[OrderAdapter], *, using: str
) -> datetime | None:
    """The moment before which an order has to be refunded; None for no matter when.

    Raises InvalidRequest, saying what to add, for a mapping that cannot tell. Of an adapter, which
    may tell it of some orders alone, each order is asked.
    """
    if older_than is None:
        return None
    for adapter in chosen:
        if isinstance(adapter, MappedOrderAdapter) and "refunded_at" not in adapter.paths:
            words = _(
                "%(setting)s does not say when an order was refunded. Add 'refunded_at', the path to "
                "the moment of the latest successful refund (a datetime)."
            ) % {"setting": f"{SETTING}['ORDERS']['{adapter.label}']"}
            raise InvalidRequest(words, fields={"older_than": ("not_available", words)})
    return clock.now(using) - older_than


def work_through(
    adapter: OrderAdapter, *, terms: Terms, report: WorkReport, on_progress: Show
) -> None:
    """Ask for what is left to do of one model.

    Candidates that cannot be read at all do not hold up those of other models.
    """
    last: Any = None
    while not is_reached(terms.limit, report):
        try:
            keys = retried(bind(keys_after, last, adapter=adapter))
        except Exception:
            logger.exception("The candidates of %s cannot be read.", adapter.label)
            report.unread.append(adapter.label)
            return
        if not keys:
            return
        ask_for_orders(adapter, keys, terms=terms, report=report)
        last = keys[-1]
        on_progress(report)


def is_reached(limit: int | None, report: WorkReport) -> bool:
    """Whether as many are asked for as is allowed."""
    return limit is not None and report.asked >= limit


def keys_after(last: Any, *, adapter: OrderAdapter) -> list[Any]:
    """The next keys of candidates, in their order; an offset would count through all before them.

    Raises ImproperlyConfigured for candidates that are other ones once the first are left behind.
    """
    orders: models.QuerySet[Any] = adapter.candidates().order_by("pk")
    if orders.query.where.contains_over_clause:
        message = (
            f"candidates() of {type(adapter).__name__} is filtered by a window function, which is computed "
            "anew for the orders that are left, so that some would be left out. Filter by a Subquery "
            "instead."
        )
        raise ImproperlyConfigured(message)
    if last is not None:
        orders = orders.filter(pk__gt=last)
    return list(dict.fromkeys(orders.values_list("pk", flat=True)[:CHUNK]))


def ask_for_orders(
    adapter: OrderAdapter, keys: list[Any], *, terms: Terms, report: WorkReport
) -> None:
    """Ask for what is left to do of these orders, and count what became of each."""
    report.orders += len(keys)
    found = candidates_among(adapter, keys, terms=terms)
    recorded = recorded_for(found, using=terms.using)
    stopped = stopped_among(found, using=terms.using)
    wanted: dict[tuple[str, str], Candidate] = {}
    for candidate in found:
        if candidate.identity in recorded:
            report.recorded_before += 1
        elif candidate.reason is not None:
            report.left_out[candidate.reason.code] += 1
        elif candidate.identity in stopped:
            report.left_out[ReasonCode.STOPPED] += 1
        elif may_be_partly_refunded(candidate, terms=terms):
            report.left_out[ReasonCode.AMOUNTS_UNKNOWN] += 1
        elif is_too_recent(candidate, terms=terms, report=report):
            continue
        elif candidate.identity in wanted:
            report.left_out[ReasonCode.DUPLICATE] += 1
        else:
            wanted[candidate.identity] = candidate
    remaining = None if terms.limit is None else terms.limit - report.asked
    ask_for_candidates(list(wanted.values())[:remaining], terms=terms, report=report)


def stopped_among(found: Iterable[Candidate], *, using: str) -> set[tuple[str, str]]:
    """Which transactions a person kept from being asked for, by stopping a batch that was confirmed.

    Those that had their turn were withdrawn, and are left alone for that; the rest must not fare
    otherwise. A draft is a selection that came to nothing, and says nothing of its orders.
    """
    items = CancellationBatchItem.objects.using(using).filter(
        batch__status=CancellationBatch.Status.STOPPED,
        batch__confirmed_at__isnull=False,
        code=ReasonCode.STOPPED,
        transaction_id__in={each.identity[1] for each in found if each.identity[1]},
    )
    return set(items.values_list("sub_mchid", "transaction_id"))


def candidates_among(adapter: OrderAdapter, keys: list[Any], *, terms: Terms) -> list[Candidate]:
    """What these orders come to, as they are now. The tracebacks of the shop's code are in the log."""
    try:
        orders = retried(bind(load_orders, adapter, keys))
    except Exception:
        logger.exception("The orders %s to %s cannot be loaded.", keys[0], keys[-1])
        reason = Reason.of(ReasonCode.ADAPTER_ERROR)
        return [Candidate(key=str(key), reason=reason) for key in keys]
    return [
        candidate
        for key in map(str, keys)
        for candidate in look_through(
            adapter,
            orders.get(key),
            key=key,
            batch=terms.batch,
            given=Given(partial=terms.partial),
        )
    ]


def may_be_partly_refunded(candidate: Candidate, *, terms: Terms) -> bool:
    """Whether nobody knows, and nobody has said yes: staff would see the order, cron does not."""
    is_wanted = terms.partial or app_settings.partial_refunds == "allow"
    return not is_wanted and candidate.target is not None and candidate.target.paid_amount is None


def is_too_recent(candidate: Candidate, *, terms: Terms, report: WorkReport) -> bool:
    """Whether the refund is too recent, or may be; counted if so."""
    if terms.refunded_before is None or candidate.target is None:
        return False
    refunded_at = candidate.target.refunded_at
    if refunded_at is None:
        report.undated += 1
        return True
    if refunded_at > terms.refunded_before:
        report.recent += 1
        return True
    return False


def ask_for_candidates(candidates: list[Candidate], *, terms: Terms, report: WorkReport) -> None:
    """Record what these wish for, or only say so."""
    wishes = {candidate.identity: candidate for candidate in candidates if candidate.wish}
    if terms.dry_run:
        report.asked += len(wishes)
        for candidate in wishes.values():
            terms.on_wish(candidate)
        return
    group = [candidate.wish for candidate in wishes.values() if candidate.wish]
    for each in record_group(group, ask_again=False, using=terms.using):
        if each.is_new:
            report.asked += 1
            terms.on_wish(wishes[identity_of(each.wish)])
        elif each.cancellation is not None:  # somebody else was faster
            report.recorded_before += 1
        else:
            report.left_out[each.code] += 1


def identity_of(wish: Wish) -> tuple[str, str]:
    """The transaction's sub-merchant and ID, as candidates have them."""
    return wish.request.sub_mchid, wish.request.transaction_id
