"""What the pages of a batch show: the preview, a group of it, a draft too old, the progress."""

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.contrib import admin
from django.core.paginator import Paginator
from django.db import models, router
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from ..models import CancellationBatch, CancellationBatchItem, SubsidyCancellation
from ..models.sending import NOTE_LENGTH
from .links import orders_url
from .preview import ConfirmForm, preview_of
from .progress import LEFT_OUT, STATES, progress_of
from .rows import Row

if TYPE_CHECKING:
    _ModelAdmin = admin.ModelAdmin[CancellationBatch]
else:
    _ModelAdmin = admin.ModelAdmin

CancellationStatus = SubsidyCancellation.Status

TEMPLATES = "admin/wechat_subsidies/cancellationbatch"
ROWS_PER_PAGE = 100  # of a confirmed batch


class BatchPages(_ModelAdmin):
    """Renders the pages; nothing is changed here."""

    def preview_page(
        self, request: HttpRequest, batch: CancellationBatch, form: ConfirmForm
    ) -> HttpResponse:
        """The draft in groups, with what may be changed; ticks of a refused form are kept."""
        preview = preview_of(batch, using=using(), site=self.admin_site)
        context = {
            "title": _("Look through and confirm"),
            "preview": preview,
            "form": form,
            "ticked": preview.ticked(request.POST.getlist("tick")),
            "orders_url": orders_url(batch, site=self.admin_site, using=using()),
        }
        return self.rendered(request, batch, "preview", context)

    def expired_page(self, request: HttpRequest, batch: CancellationBatch) -> HttpResponse:
        """That the draft is too old, and a button to begin anew."""
        url = orders_url(batch, site=self.admin_site, using=using())
        context = {"title": _("This draft is too old"), "orders_url": url}
        return self.rendered(request, batch, "expired", context)

    def group_page(
        self, request: HttpRequest, batch: CancellationBatch, *, name: str
    ) -> HttpResponse:
        """One group of the draft, page by page. Raises Http404 for one that there is not."""
        group = preview_of(batch, using=using(), site=self.admin_site).groups.get(name)
        if group is None or group.has_ticks:
            raise Http404
        pages = pages_of(request, group.items, query={"group": name})
        rows = [Row(item, site=self.admin_site) for item in pages["page"]]
        context = {"title": group.heading, "group": group, "rows": rows, **pages}
        return self.rendered(request, batch, "group_page", context)

    def progress_page(self, request: HttpRequest, batch: CancellationBatch) -> HttpResponse:
        """How far the batch is, and a page of its items, of one state if `state` names one."""
        state = STATES.get(request.GET.get("state", ""))
        items = batch.items.using(using()).order_by("position").select_related("cancellation")
        items = items.filter(state.condition) if state else items.exclude(LEFT_OUT.condition)
        pages = pages_of(request, items, query={"state": state.name} if state else {})
        progress = progress_of(batch, using=using())
        context = {
            "title": _("Cancelling subsidies"),
            "progress": progress,
            "refused_count": progress.counts[CancellationStatus.FAILED],
            "state": state,
            "is_stopped": batch.status == CancellationBatch.Status.STOPPED,
            "rows": [Row(item, site=self.admin_site) for item in pages["page"]],
            **pages,
            "orders_url": orders_url(batch, site=self.admin_site, using=using()),
        }
        return self.rendered(request, batch, "progress", context)

    def rendered(
        self, request: HttpRequest, batch: CancellationBatch, name: str, context: dict[str, Any]
    ) -> HttpResponse:
        """One of our pages, with what every page of the admin has."""
        request.current_app = self.admin_site.name
        common = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "batch": batch,
            "note_length": NOTE_LENGTH,
            "subtitle": str(batch),
        }
        return TemplateResponse(request, f"{TEMPLATES}/{name}.html", {**common, **context})


def pages_of(
    request: HttpRequest, items: models.QuerySet[CancellationBatchItem], *, query: dict[str, str]
) -> dict[str, Any]:
    """The page that the request asks for, and what leads to the others, all with this query."""
    page = Paginator(items, ROWS_PER_PAGE).get_page(request.GET.get("p"))
    return {
        "page": page,
        "page_range": page.paginator.get_elided_page_range(page.number),
        "page_query": f"{urlencode(query)}&" if query else "",
    }


def using() -> str:
    """The database in which batches are written; their pages read it, too."""
    return router.db_for_write(CancellationBatch)
