"""Pauses in sending: what is paused and why; staff pause here, and resume."""

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import router
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path
from django.utils.html import format_html_join
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from .. import services
from ..conf import app_settings
from ..management.pauses import paused
from ..models import SendingPause
from ..outcomes import advice
from ..permissions import may_pause, may_see_cancellations, may_see_pauses
from ..scoping import visible
from .links import cancellation_url, pause_url, pauses_url
from .rows import Words
from .words import local_time

if TYPE_CHECKING:
    _ModelAdmin = admin.ModelAdmin[SendingPause]
    _ModelForm = forms.ModelForm[SendingPause]
else:
    _ModelAdmin = admin.ModelAdmin
    _ModelForm = forms.ModelForm

ListOfPauses = QuerySet[SendingPause]

EVERYTHING: Final = "everything"
MERCHANT: Final = ":"  # before a merchant's name, which may be any, even “everything”


def merchant_choices() -> list[tuple[str, Words]]:
    """What can be paused: everything, and each merchant of the settings."""
    merchants = sorted(app_settings.merchants.items())
    return [
        ("", "---------"),
        (EVERYTHING, _("everything")),
        *((MERCHANT + name, f"{name} · {each.mchid}") for name, each in merchants),
    ]


def merchant_named(choice: str) -> str | None:
    """The merchant as the services take it: None for everything."""
    return None if choice == EVERYTHING else choice.removeprefix(MERCHANT)


class PauseForm(_ModelForm):
    """What is asked of somebody who pauses."""

    merchant = forms.TypedChoiceField(
        label=gettext_lazy("What is paused"), choices=merchant_choices, coerce=merchant_named
    )
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=SendingPause._meta.get_field("note").max_length,
        widget=forms.TextInput(attrs={"class": "vTextField", "size": 60}),
        help_text=gettext_lazy(
            "Nothing is sent from the next second on, by no process, until somebody resumes it. What is "
            "asked for meanwhile is recorded and waits."
        ),
    )


class StateFilter(admin.SimpleListFilter):
    """Those that hold, or those that have ended."""

    title = gettext_lazy("state")
    parameter_name = "state"

    def lookups(
        self, request: HttpRequest, model_admin: "admin.ModelAdmin[Any]"
    ) -> Iterable[tuple[str, str]]:
        """The two states."""
        return [("holds", _("Holds")), ("ended", _("Ended"))]

    def queryset(self, request: HttpRequest, queryset: ListOfPauses) -> ListOfPauses:
        """Those in the state chosen."""
        if self.value() not in {"holds", "ended"}:
            return queryset
        return queryset.filter(lifted_at__isnull=self.value() == "holds")


class SendingPauseAdmin(_ModelAdmin):
    """Pauses: adding one pauses the sending, resuming ends it; none is changed or deleted."""

    form = PauseForm
    list_display = ["what", "why", "begun", "next_try", "ended"]
    readonly_fields = ["what", "advice_in_words", "since", "next_try", "ended"]
    list_filter = [StateFilter]
    actions = ["resume_sending"]
    ordering = ["-pk"]
    sortable_by = ()
    show_full_result_count = False
    view_on_site = False

    class Media:
        css = {"all": ["wechat_subsidies/admin/subsidies.css"]}

    # Who may

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Pauses are for those who may see them."""
        return may_see_pauses(request.user)

    def has_view_permission(self, request: HttpRequest, obj: SendingPause | None = None) -> bool:
        """Those who may pause, and those who may only see."""
        return may_see_pauses(request.user)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Adding one is pausing."""
        return may_pause(request.user)

    def has_pause_sending_permission(self, request: HttpRequest) -> bool:
        """Whether the action is offered; Django asks by this name because of `permissions` below."""
        return may_pause(request.user)

    def has_change_permission(self, request: HttpRequest, obj: SendingPause | None = None) -> bool:
        """Nobody."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: SendingPause | None = None) -> bool:
        """Nobody."""
        return False

    def get_queryset(self, request: HttpRequest) -> ListOfPauses:
        """All, read where they are written: staff look at what they have just done."""
        using = router.db_for_write(SendingPause)
        return SendingPause.objects.using(using).order_by(*self.get_ordering(request))

    # Where

    def get_urls(self) -> list[URLPattern]:
        """The pages of any model, and the one to which the button posts."""
        view = require_http_methods(["GET", "POST"])(self.resume_view)
        name = f"{self.opts.app_label}_{self.opts.model_name}_resume"
        own = path("<int:pk>/resume/", self.admin_site.admin_view(view), name=name)
        return [own, *super().get_urls()]

    # Pausing

    def get_fields(self, request: HttpRequest, obj: SendingPause | None = None) -> list[Any]:
        """Two to fill in, or all there is to read."""
        if obj is None:
            return ["merchant", "reason"]
        return [
            "what",
            "cause",
            "advice_in_words",
            "note",
            "paused_by_name",
            *self.readonly_fields[2:],
        ]

    def save_form(self, request: HttpRequest, form: Any, change: bool) -> SendingPause:
        """Pause, and say so: the services write what Django would save."""
        before = services.pauses_that_hold()
        pause = services.pause(
            form.cleaned_data["merchant"],
            reason=form.cleaned_data["reason"],
            paused_by=request.user,
        )
        if pause in before:
            text = _("It was paused already; who and why stay as they were.")
            self.message_user(request, text, messages.WARNING)
        else:
            text = _("Sending is paused: %(what)s") % {"what": self.what(pause)}
            self.message_user(request, text, messages.SUCCESS)
        return pause

    def save_model(self, request: HttpRequest, obj: SendingPause, form: Any, change: bool) -> None:
        """It is saved by now."""

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """There is nothing related."""

    def log_addition(self, request: HttpRequest, obj: SendingPause, message: Any) -> None:  # type: ignore[override]  # no entry
        """The pause itself says who and when; one that was there already says somebody else."""

    def response_add(
        self, request: HttpRequest, obj: SendingPause, post_url_continue: str | None = None
    ) -> HttpResponse:
        """Go to the list, where it stands first."""
        return HttpResponseRedirect(pauses_url(site=self.admin_site))

    # Resuming

    @admin.action(permissions=["pause_sending"], description=gettext_lazy("Resume sending"))
    def resume_sending(self, request: HttpRequest, queryset: ListOfPauses) -> None:
        """End exactly the selected pauses. Raises PermissionDenied."""
        if not may_pause(request.user):
            raise PermissionDenied
        count = services.resume_pauses(queryset, resumed_by=request.user)
        text = _("Pauses ended: %(count)d") % {"count": count}
        self.message_user(request, text, messages.SUCCESS if count else messages.WARNING)

    def resume_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """End this pause and show it; a GET shows it only. Raises PermissionDenied or Http404."""
        if not may_pause(request.user):
            raise PermissionDenied
        pauses = self.get_queryset(request).filter(pk=pk)
        pause = pauses.first()
        if pause is None:
            raise Http404
        if request.method == "POST":
            self.resume_sending(request, pauses)
        return HttpResponseRedirect(pause_url(pause, site=self.admin_site))

    # What is shown

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: SendingPause | None = None,
    ) -> HttpResponse:
        """The pause's page, with what it came of, and a button where it can be ended."""
        context["can_resume"] = obj is not None and not obj.lifted_at and may_pause(request.user)
        if obj and obj.caused_by_id and may_see_cancellations(request.user):
            cause = visible(request).filter(pk=obj.caused_by_id).first()
            context["caused_by"] = cause
            context["caused_by_url"] = cause and cancellation_url(cause.pk, site=self.admin_site)
        return super().render_change_form(request, context, add, change, form_url, obj)

    @admin.display(description=gettext_lazy("What is paused"))
    def what(self, pause: SendingPause) -> str:
        """Everything, or a merchant by its names and number, or a sub-merchant of it."""
        return " · ".join(paused(pause))

    @admin.display(description=gettext_lazy("what happened, what to do"))
    def advice_in_words(self, pause: SendingPause) -> Words:
        """One or two sentences, where it began by itself."""
        return advice(pause.reason) or pause.reason or self.get_empty_value_display()

    @admin.display(description=gettext_lazy("Reason"))
    def why(self, pause: SendingPause) -> str:
        """The cause, what to do, and what a person gave as the reason or WeChat Pay said."""
        texts = [pause.get_cause_display(), advice(pause.reason) or pause.reason, pause.note]
        return format_html_join(mark_safe("<br>"), "{}", ((text,) for text in texts if text))

    @admin.display(description=gettext_lazy("Paused"))
    def begun(self, pause: SendingPause) -> str:
        """By whom and since when; by nobody where it began by itself."""
        return who_and_when(pause.paused_by_name, pause.paused_at)

    @admin.display(description=gettext_lazy("paused at"))
    def since(self, pause: SendingPause) -> str:
        """Since when it holds."""
        return local_time(pause.paused_at)

    @admin.display(description=gettext_lazy("tried again"))
    def next_try(self, pause: SendingPause) -> str:
        """When a call goes out to try; empty where it holds until a person ends it."""
        moment = None if pause.lifted_at else pause.probe_after
        return local_time(moment) or self.get_empty_value_display()

    @admin.display(description=gettext_lazy("ended"))
    def ended(self, pause: SendingPause) -> str:
        """By whom and when; by nobody where a call that went out to try succeeded."""
        by = who_and_when(pause.lifted_by_name, pause.lifted_at)
        return by or self.get_empty_value_display()


def who_and_when(name: str, moment: datetime | None) -> str:
    """A name and a moment, as far as there are any, a line each."""
    return ",\n".join(text for text in (name, local_time(moment)) if text)
