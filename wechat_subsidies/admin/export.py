"""Cancellations as a CSV file, streamed; `cancel_subsidies FILE.csv` reads what is written here.

UTF-8 with a BOM, by which Excel knows it; amounts in fen, moments with their offset.
"""

import csv
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from typing import Any, Final

from django.contrib.admin import AdminSite
from django.db.models import QuerySet
from django.http import HttpRequest, StreamingHttpResponse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from ..models import CancellationBatch, CancellationBatchItem, SubsidyCancellation
from ..outcomes import advice
from ..services import cells
from ..services.tabular import COLUMNS
from .links import cancellation_url
from .rows import Row

logger = logging.getLogger("wechat_subsidies")

CHUNK: Final = 500  # rows read at a time
BOM: Final = "\ufeff"

Values = Mapping[str, Any]
UrlOf = Callable[[SubsidyCancellation], str]


def export_cancellations(
    rows: QuerySet[SubsidyCancellation], *, request: HttpRequest, site: AdminSite
) -> StreamingHttpResponse:
    """These cancellations, the newest first."""
    url_of = urls_on(site, request=request)
    values = (values_of(row, url_of=url_of) for row in newest_first(rows))
    return csv_response(values, name="subsidy-cancellations")


def export_batch(
    batch: CancellationBatch, *, request: HttpRequest, site: AdminSite, using: str
) -> StreamingHttpResponse:
    """The items of a batch in their order: with what became of each, or why it was left out."""
    url_of = urls_on(site, request=request)
    items = in_their_order(batch.items.using(using).select_related("cancellation"))
    values = (values_of_item(item, url_of=url_of) for item in items)
    return csv_response(values, name=f"subsidy-batch-{batch.pk}")


def urls_on(site: AdminSite, *, request: HttpRequest) -> UrlOf:
    """What tells where a cancellation's page is, as an absolute address."""
    return lambda row: request.build_absolute_uri(cancellation_url(row.pk, site=site))


def newest_first(rows: QuerySet[SubsidyCancellation]) -> Iterator[SubsidyCancellation]:
    """The rows, a chunk at a time: no database has to hold all of them for us."""
    rows, last = rows.order_by("-pk"), None
    while chunk := list((rows if last is None else rows.filter(pk__lt=last))[:CHUNK]):
        yield from chunk
        last = chunk[-1].pk


def in_their_order(items: QuerySet[CancellationBatchItem]) -> Iterator[CancellationBatchItem]:
    """The items, a chunk at a time."""
    last = -1
    while chunk := list(items.filter(position__gt=last).order_by("position")[:CHUNK]):
        yield from chunk
        last = chunk[-1].position


def values_of(row: SubsidyCancellation, *, url_of: UrlOf) -> Values:
    """A cancellation's values by the names of the columns."""
    told = {"url": url_of(row), "advice": advice(row.reason), "requested_by": row.requested_by_id}
    return {name: told[name] if name in told else getattr(row, name) for name in COLUMNS}


def values_of_item(item: CancellationBatchItem, *, url_of: UrlOf) -> Values:
    """An item's values: those of its cancellation, or its own where it has not come to one."""
    row = Row(item)
    if row.asked is not None:
        return values_of(row.asked, url_of=url_of)
    own = {name: getattr(item, name) for name in COLUMNS if hasattr(item, name) and name != "id"}
    return {**dict.fromkeys(COLUMNS), **own, "reason": item.code, "advice": row.advice}


def csv_response(rows: Iterable[Values], *, name: str) -> StreamingHttpResponse:
    """A file to be saved, written while it is read."""
    response = StreamingHttpResponse(
        lines(rows, language=translation.get_language(), zone=timezone.get_current_timezone()),
        content_type="text/csv; charset=utf-8",
    )
    # Of a moment that is aware also where USE_TZ is off: of others Django tells no local date.
    filename = f"{name}-{timezone.localdate(datetime.now(UTC)):%Y%m%d}.csv"
    response["Content-Disposition"] = f'attachment; filename="{filename}"'
    return response


def lines(rows: Iterable[Values], *, language: str | None, zone: tzinfo) -> Iterator[str]:
    """The file's lines, in the language and time zone of whoever asked for it.

    The server may read them in another thread, and after the request.
    """
    writer = csv.writer(Echo())
    yield BOM + writer.writerow(COLUMNS)
    source = iter(rows)

    def next_line() -> str | None:
        with translation.override(language), timezone.override(zone):
            values = next(source, None)
            return None if values is None else writer.writerow(cells_of(values))

    try:
        while (line := next_line()) is not None:
            yield line
    except Exception:  # too late for an error page, so the file itself has to say it
        logger.exception("An export was not written to its end.")
        with translation.override(language):
            words = _("INCOMPLETE: an error ended this export. Export it again.")
        yield writer.writerow([words])


def cells_of(values: Values) -> Sequence[str]:
    """The values as texts, in the order of the columns."""
    return [cells.written(values[name]) for name in COLUMNS]


class Echo:
    """A file that hands back what is written to it."""

    def write(self, text: str) -> str:
        """The text, for the writer to return."""
        return text
