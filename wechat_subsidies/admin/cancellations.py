"""The cancellations: a list to search, what became of each, and what may be decided about it.

Nothing is edited here. What a person decides goes through the services, from a page of its own.
"""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import URLPattern
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from .. import services
from ..exceptions import InvalidRequest, SubsidyError
from ..models import CancellationAttempt, SubsidyCancellation
from ..permissions import may_cancel, may_see_cancellations
from ..scoping import visible
from ..services import cells
from .decisions import BY_NAME, Decision, open_to, put_on_form
from .export import export_cancellations
from .facts import CancellationFacts
from .filters import CreatedFilter, MerchantFilter, SubMerchantFilter
from .links import cancellation_url
from .pages import own_page
from .paging import MOST, BoundedChangeList, BoundedPaginator
from .rows import status_of
from .summary import summary_for
from .timeline import timeline

ListOfCancellations = QuerySet[SubsidyCancellation]

TEMPLATES = "admin/wechat_subsidies/subsidycancellation"


class SubsidyCancellationAdmin(CancellationFacts):
    """Cancellations, to be read by whoever may see or ask for them."""

    list_display = [
        "order_reference_or_id",
        "status_in_words",
        "created_at",
        "transaction_id",
        "sub_mchid",
        "requested_by_name",
    ]
    list_filter = ["status", MerchantFilter, SubMerchantFilter, CreatedFilter, "source"]
    # Columns with an index each, looked up by exactly what was typed in.
    search_fields = [
        "transaction_id",
        "refund_id",
        "order_reference",
        "request_id",
        "sub_mchid",
    ]
    search_help_text = _("Exact transaction ID, refund ID, order, Request-ID or sub-merchant ID")
    ordering = ["-pk"]
    sortable_by = ()
    actions = ["retry_selected"]
    paginator = BoundedPaginator
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER  # they would count all rows, for each choice
    view_on_site = False

    class Media:
        css = {"all": ["wechat_subsidies/admin/subsidies.css"]}

    # Who may

    def has_view_permission(
        self, request: HttpRequest, obj: SubsidyCancellation | None = None
    ) -> bool:
        """Those who may see cancellations, and those who may ask for them or decide about them."""
        return may_see_cancellations(request.user)

    def has_cancel_subsidy_permission(self, request: HttpRequest) -> bool:
        """Whether the action is offered; Django asks by this name because of `permissions` below."""
        return may_cancel(request.user)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody: asked for through the action on orders."""
        return False

    def has_change_permission(
        self, request: HttpRequest, obj: SubsidyCancellation | None = None
    ) -> bool:
        """Nobody."""
        return False

    def has_delete_permission(
        self, request: HttpRequest, obj: SubsidyCancellation | None = None
    ) -> bool:
        """Nobody."""
        return False

    def get_queryset(self, request: HttpRequest) -> ListOfCancellations:
        """Those in the scopes that this request may see; the others do not exist for it."""
        rows = visible(request)
        return rows.order_by(*self.get_ordering(request))

    # Where

    def get_urls(self) -> list[URLPattern]:
        """The pages of any model, the export, and a page for each decision.

        The list is one of our own, since it sends again what was refused: like any other that sends,
        it is outside of a transaction of whichever database.
        """
        methods = ["GET", "HEAD", "POST"]
        rows = own_page(self, "", self.changelist_view, name="changelist", methods=methods)
        decisions = [
            own_page(
                self,
                f"<int:pk>/{name}/",
                self.decision_view,
                name=name,
                methods=["GET", "POST"],
                decision=decision,
            )
            for name, decision in BY_NAME.items()
        ]
        export = own_page(self, "export/", self.export_view, name="export", methods=["GET"])
        return [rows, export, *decisions, *super().get_urls()]

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """The list that is never counted to the end."""
        return BoundedChangeList

    def get_search_results(
        self, request: HttpRequest, queryset: ListOfCancellations, search_term: str
    ) -> tuple[ListOfCancellations, bool]:
        """Those that are known by exactly this, or of which a call is known by this Request-ID.

        An ID may be pasted as an export has it.
        """
        wanted = cells.read(search_term)
        if not wanted:
            return queryset, False
        calls = CancellationAttempt.objects.using(queryset.db).filter(request_id=wanted)
        found = Q(pk__in=list(calls.values_list("cancellation_id", flat=True)[:MOST]))
        for name in self.search_fields:
            found |= Q((name, wanted))
        return queryset.filter(found), False

    # What may be done

    def decision_view(self, request: HttpRequest, pk: int, decision: Decision) -> HttpResponse:
        """Ask what is to be said for a decision, and carry it out when it is posted.

        Raises PermissionDenied or Http404.
        """
        if not (self.has_view_permission(request) and decision.is_for(request.user)):
            raise PermissionDenied
        cancellation = self.get_queryset(request).filter(pk=pk).first()
        if cancellation is None:
            raise Http404
        if not decision.is_possible(cancellation):
            return self.too_late(request, cancellation)
        posted = request.POST if request.method == "POST" else None
        form = decision.form(posted, cancellation=cancellation)
        if form.is_valid():
            try:
                decision.do(cancellation, request.user, form.cleaned_data)
            except InvalidRequest as error:
                put_on_form(form, error)
            except SubsidyError as error:
                self.message_user(request, str(error), messages.ERROR)
                return self.to_its_page(cancellation)
            else:
                self.message_user(request, self.done(decision, cancellation), messages.SUCCESS)
                return self.to_its_page(cancellation)
        return self.decision_page(request, cancellation, decision=decision, form=form)

    def too_late(self, request: HttpRequest, cancellation: SubsidyCancellation) -> HttpResponse:
        """Say that it is not to be decided (any more), and show how it is."""
        text = gettext("This is not possible: the cancellation’s status is “%(status)s”.")
        self.message_user(request, text % {"status": status_of(cancellation)}, messages.WARNING)
        return self.to_its_page(cancellation)

    def to_its_page(self, cancellation: SubsidyCancellation) -> HttpResponse:
        """Go to the cancellation's page."""
        return HttpResponseRedirect(cancellation_url(cancellation.pk, site=self.admin_site))

    def done(self, decision: Decision, cancellation: SubsidyCancellation) -> str:
        """What is said once it is decided."""
        return gettext("%(done)s Its status is now “%(status)s”.") % {
            "done": decision.done,
            "status": status_of(cancellation),
        }

    def decision_page(
        self, request: HttpRequest, cancellation: SubsidyCancellation, **values: Any
    ) -> HttpResponse:
        """The page of a decision."""
        request.current_app = self.admin_site.name
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "cancellation": cancellation,
            "status": status_of(cancellation),
            "title": values["decision"].button,
            "subtitle": str(cancellation),
            **values,
        }
        return TemplateResponse(request, f"{TEMPLATES}/decision.html", context)

    @admin.action(
        permissions=["cancel_subsidy"], description=_("Send again what WeChat Pay refused")
    )
    def retry_selected(self, request: HttpRequest, queryset: ListOfCancellations) -> None:
        """Have the selected ones sent again that were refused; what needs review is left to a look.

        Raises PermissionDenied.
        """
        if not self.has_cancel_subsidy_permission(request):
            raise PermissionDenied
        if queryset.order_by()[: MOST + 1].count() > MOST:
            text = gettext(
                "More than %(most)d are selected: narrow the list down by filters first."
            )
            self.message_user(request, text % {"most": MOST}, messages.ERROR)
            return
        count = services.retry_refused(queryset, requested_by=request.user)
        text = gettext(
            "Sent again: %(count)d. The next sweep sends them; what was not refused is left as it is."
        )
        level = messages.SUCCESS if count else messages.WARNING
        self.message_user(request, text % {"count": count}, level)

    def export_view(self, request: HttpRequest) -> HttpResponseBase:
        """The list as a CSV file, narrowed down as it is on the page. Raises PermissionDenied."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        try:
            rows = self.get_changelist_instance(request).get_queryset(request)
        except IncorrectLookupParameters:
            raise Http404 from None
        return export_cancellations(rows, request=request, site=self.admin_site)

    # What is shown

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The list, under how sending stands."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        summary = summary_for(request, site=self.admin_site)
        return super().changelist_view(request, {**(extra_context or {}), "summary": summary})

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: SubsidyCancellation | None = None,
    ) -> HttpResponse:
        """The cancellation's page, with what happened and what may be decided."""
        if obj is not None:
            context["timeline"] = timeline(obj)
            context["decisions"] = [
                (decision, cancellation_url(obj.pk, site=self.admin_site, step=decision.name))
                for decision in open_to(request.user, obj)
            ]
        return super().render_change_form(request, context, add, change, form_url, obj)
