"""The pages of batches: the list, the preview of a draft, the progress of what was confirmed.

A page of our own for each step, never a form that posts back to the shop's orders: Django takes
`action=` posted to an order's change form for a wish to save the order.
"""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.http.response import HttpResponseBase
from django.urls import URLPattern
from django.utils.translation import gettext as _

from .. import services
from ..exceptions import InvalidRequest
from ..models import CancellationBatch
from ..permissions import may_cancel, may_see_all_batches, may_see_batch
from ..scoping import visible_batches
from .batch_pages import BatchPages, using
from .export import export_batch
from .links import batch_url
from .pages import View, own_page
from .paging import BoundedChangeList, BoundedPaginator
from .preview import ConfirmForm, preview_of
from .progress import progress_of


class BatchList(BoundedChangeList):
    """The list of batches, whose links lead to the pages of batches."""

    def url_for_result(self, result: models.Model) -> str:
        """The batch's page: there is no change form."""
        return batch_url(result, site=self.model_admin.admin_site)  # type: ignore[arg-type]  # ours


class CancellationBatchAdmin(BatchPages):
    """Batches: looked through, confirmed and followed here, made by the action on orders."""

    list_display = ["__str__", "status", "requested_by_name", "created_at", "confirmed_by_name"]
    list_filter = ["status"]
    sortable_by = ()
    actions = None
    paginator = BoundedPaginator
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER  # they would count all rows, for each choice

    class Media:
        css = {"all": ["wechat_subsidies/admin/subsidies.css"]}

    # Who may

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Batches are for those who may cancel subsidies."""
        return may_cancel(request.user)

    def has_view_permission(
        self, request: HttpRequest, obj: CancellationBatch | None = None
    ) -> bool:
        """Of those, one sees one's own batches; with `view_all_batches` everybody's."""
        return may_cancel(request.user) if obj is None else may_see_batch(request.user, obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody: batches are drafted from a selection of orders."""
        return False

    def has_change_permission(
        self, request: HttpRequest, obj: CancellationBatch | None = None
    ) -> bool:
        """Nobody: a draft is changed by confirming it, and frozen from then on."""
        return False

    def has_delete_permission(
        self, request: HttpRequest, obj: CancellationBatch | None = None
    ) -> bool:
        """Nobody."""
        return False

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[CancellationBatch]:
        """The batches that exist for this user, as the API has them: no item is outside their scopes."""
        return visible_batches(
            request,
            own=models.Q(requested_by=request.user.pk),
            all_batches=may_see_all_batches(request.user),
        ).order_by(*self.get_ordering(request))

    def batch_for(self, request: HttpRequest, pk: int) -> CancellationBatch:
        """The batch, if this user may work with it; somebody else's does not exist for them.

        Nor does one with an order outside their scopes. Read where it was written, so that a page is
        there at once after the redirect to it.
        Raises PermissionDenied or Http404.
        """
        if not may_cancel(request.user):
            raise PermissionDenied
        batch = self.get_queryset(request).filter(pk=pk).first()
        if batch is None:
            message = _("There is no batch #%(pk)d, or it is not yours.") % {"pk": pk}
            raise Http404(message)
        return batch

    # Where

    def get_urls(self) -> list[URLPattern]:
        """The list and the pages of a batch; none to add, change or delete one."""
        return [
            self.page("", self.changelist_view, name="changelist", methods=["GET", "HEAD"]),
            self.page("<int:pk>/", self.batch_view, name="batch", methods=["GET", "HEAD"]),
            self.page("<int:pk>/export/", self.export_view, name="export", methods=["GET"]),
            self.page("<int:pk>/confirm/", self.confirm_view, name="confirm", methods=["POST"]),
            self.page("<int:pk>/continue/", self.continue_view, name="continue", methods=["POST"]),
            self.page("<int:pk>/renew/", self.renew_view, name="renew", methods=["POST"]),
            self.page("<int:pk>/retry/", self.retry_view, name="retry", methods=["POST"]),
            self.page("<int:pk>/stop/", self.stop_view, name="stop", methods=["POST"]),
        ]

    def page(self, route: str, view: View, *, name: str, methods: list[str]) -> URLPattern:
        """One of our URLs; a GET of what is to be posted leads to the batch's page."""
        if methods == ["POST"]:
            view = self.showing_instead(view)
        return own_page(self, route, view, name=name, methods=["GET", *methods])

    def showing_instead(self, view: View) -> View:
        """The view of a POST, where a GET leads to the batch's page instead and sends nothing.

        It comes of going back, and of logging in again when a session has ended meanwhile.
        """

        def shown_or_done(request: HttpRequest, pk: int) -> HttpResponseBase:
            if request.method == "POST":
                return view(request, pk)
            return HttpResponseRedirect(
                batch_url(self.batch_for(request, pk), site=self.admin_site)
            )

        return shown_or_done

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """The list whose links lead to our own pages."""
        return BatchList

    # What happens

    def batch_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show a draft to be looked through, or how far a confirmed batch is. Sends nothing."""
        batch = self.batch_for(request, pk)
        if batch.status != CancellationBatch.Status.DRAFT:
            return self.progress_page(request, batch)
        if batch.is_expired:
            return self.expired_page(request, batch)
        if "group" in request.GET:
            return self.group_page(request, batch, name=request.GET["group"])
        form = ConfirmForm(initial={"description": batch.description})
        return self.preview_page(request, batch, form)

    def confirm_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Confirm a draft and go to its progress; what is wrong is said on the preview."""
        batch = self.batch_for(request, pk)
        form = ConfirmForm(request.POST)
        if batch.status == CancellationBatch.Status.DRAFT and not batch.is_expired:
            if not form.is_valid():
                return self.preview_page(request, batch, form)
            try:
                self.confirm(request, batch, description=form.cleaned_data["description"])
            except InvalidRequest as error:
                form.add_error("description" if "description" in error.fields else None, str(error))
                return self.preview_page(request, batch, form)
        elif not batch.is_expired:
            self.say_confirmed_before(request, batch)
        return HttpResponseRedirect(batch_url(batch, site=self.admin_site))

    def confirm(self, request: HttpRequest, batch: CancellationBatch, *, description: str) -> None:
        """Confirm the draft with the ticks of this request. Raises InvalidRequest."""
        ticked = preview_of(batch, using=using()).ticked(request.POST.getlist("tick"))
        if services.confirm_batch(
            batch, confirmed_by=request.user, description=description, ticked_items=ticked
        ):
            text = _("Confirmed. The subsidies are being cancelled.")
            self.message_user(request, text, messages.SUCCESS)
        else:
            batch.refresh_from_db(using=using())
            self.say_confirmed_before(request, batch)

    def say_confirmed_before(self, request: HttpRequest, batch: CancellationBatch) -> None:
        """Tell somebody who confirms twice that once was enough, or that the batch was stopped."""
        if batch.status == CancellationBatch.Status.STOPPED:
            text = _("This batch was stopped by %(name)s and can no longer be confirmed.")
            name = batch.stopped_by_name
        else:
            text = _("This batch was confirmed already, by %(name)s. Nothing is sent twice.")
            name = batch.confirmed_by_name
        self.message_user(request, text % {"name": name or "–"}, messages.WARNING)

    def continue_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Work on a confirmed batch for one slice, then show how far it is; JSON for the script."""
        batch = self.batch_for(request, pk)
        worked = services.work_on_batch(batch.pk)
        if request.get_preferred_type(["text/html", "application/json"]) == "application/json":
            progress = progress_of(batch, using=using())
            return JsonResponse({**progress.as_json(), "worked": worked})
        return HttpResponseRedirect(batch_url(batch, site=self.admin_site))

    def renew_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Draft the same orders anew, as this user, and go to the new draft."""
        batch = self.batch_for(request, pk)
        renewed = services.renew_draft(batch, requested_by=request.user, http_request=request)
        lost = batch.items.using(using()).count() - renewed.items.using(using()).count()
        if lost > 0:
            text = _("Not taken over, since they name no order of the shop: %(count)d")
            self.message_user(request, text % {"count": lost}, messages.WARNING)
        return HttpResponseRedirect(batch_url(renewed, site=self.admin_site))

    def retry_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Have those of the batch sent again that WeChat Pay refused, and show how far it is."""
        batch = self.batch_for(request, pk)
        count = services.retry_batch(batch, requested_by=request.user)
        text = _("Sent again: %(count)d") % {"count": count}
        self.message_user(request, text, messages.SUCCESS if count else messages.WARNING)
        return HttpResponseRedirect(batch_url(batch, site=self.admin_site))

    def stop_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Stop a batch, whether confirmed or not, and show it; without a note it goes on."""
        batch = self.batch_for(request, pk)
        try:
            is_stopped = services.stop_batch(
                batch, stopped_by=request.user, note=request.POST.get("note", "")
            )
        except InvalidRequest as error:
            self.message_user(request, str(error), messages.ERROR)
        else:
            self.say_stopped(request, batch, by_this_request=is_stopped)
        return HttpResponseRedirect(batch_url(batch, site=self.admin_site))

    def say_stopped(
        self, request: HttpRequest, batch: CancellationBatch, *, by_this_request: bool
    ) -> None:
        """Tell somebody that the batch is stopped, or that somebody else was quicker."""
        if by_this_request:
            text = _("Stopped. What had not been sent yet is withdrawn.")
            self.message_user(request, text, messages.SUCCESS)
            return
        text = _("This batch was stopped already, by %(name)s.")
        name = batch.stopped_by_name or "–"
        self.message_user(request, text % {"name": name}, messages.WARNING)

    def export_view(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        """The batch's items as a CSV file."""
        batch = self.batch_for(request, pk)
        return export_batch(batch, request=request, site=self.admin_site, using=using())
