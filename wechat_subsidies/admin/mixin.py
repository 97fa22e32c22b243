"""What a shop's own `OrderAdmin` inherits from."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, TypeVar

from django.contrib import admin, messages
from django.contrib.admin import options
from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.db import models
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext_lazy as _

from .. import services
from ..models import SubsidyCancellation
from ..permissions import may_cancel
from .links import batch_url, batches_url

if TYPE_CHECKING:
    _ModelAdmin = admin.ModelAdmin[Any]  # of whichever model the host has
else:  # a host's class inherits from its own ModelAdmin, whichever that is
    _ModelAdmin = object

NO_PAGES: Final = _(
    "Subsidies cannot be cancelled here yet, since none of the admin sites has the pages for it. The "
    "developers put them on one with wechat_subsidies.admin.register(site)."
)

Action = TypeVar("Action", bound=Callable[..., HttpResponse | None])


def everywhere(action: Action) -> Action:
    """Offer the action on an order's own page, too, which Django does from 6.1 on."""
    if hasattr(options, "ActionLocation"):
        action.locations = list(options.ActionLocation)  # type: ignore[attr-defined]  # read by Django
    return action


class CancelSubsidiesMixin(_ModelAdmin):
    """Adds the action that cancels subsidies to an `OrderAdmin`.

        class OrderAdmin(CancelSubsidiesMixin, admin.ModelAdmin): ...

    It has to be named first, or Django's own class is asked before it. Offered to staff with the
    permission `wechat_subsidies.cancel_subsidy`; `actions = None` in the host's class switches it
    off like any other.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Added here, so that `actions` of the host's class need not mention it.
        if self.actions is not None and "cancel_subsidies" not in self.actions:
            self.actions = [*self.actions, "cancel_subsidies"]

    def has_cancel_subsidy_permission(self, request: HttpRequest) -> bool:
        """Whether the action is offered; Django asks by this name because of `permissions` below."""
        return may_cancel(request.user)

    @everywhere
    @admin.action(permissions=["cancel_subsidy"], description=_("Cancel subsidies (WeChat Pay)…"))
    def cancel_subsidies(
        self, request: HttpRequest, queryset: models.QuerySet[Any]
    ) -> HttpResponse | None:
        """Draft a batch of the selected orders and go to its page; nothing is sent yet.

        Where no site has that page, nothing is drafted, and it is said who can help. Raises PermissionDenied.
        """
        if not self.has_cancel_subsidy_permission(request):
            raise PermissionDenied
        if not batches_url(site=self.admin_site):
            self.message_user(request, NO_PAGES, messages.ERROR)
            return None
        try:
            batch = services.draft_batch(
                queryset,
                requested_by=request.user,
                source=SubsidyCancellation.Source.ADMIN,
                http_request=request,
            )
        except ImproperlyConfigured as error:  # orders of a model that ORDERS does not have
            self.message_user(request, str(error), messages.ERROR)
            return None
        return HttpResponseRedirect(batch_url(batch, site=self.admin_site))
