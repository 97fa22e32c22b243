"""Where things are: cancellations, batches, pauses, and the shop's own orders."""

from collections.abc import Callable, Sequence
from urllib.parse import urlencode

from django.apps import apps
from django.contrib import admin
from django.contrib.admin import AdminSite
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

from ..models import CancellationBatch, SendingPause, SubsidyCancellation
from ..orders import adapter_for

BATCH = "admin:wechat_subsidies_cancellationbatch"
CANCELLATION = "admin:wechat_subsidies_subsidycancellation"
PAUSE = "admin:wechat_subsidies_sendingpause"

Link = Callable[[Sequence[SubsidyCancellation]], str]


def batch_url(batch: CancellationBatch, *, site: AdminSite, step: str = "batch") -> str:
    """The batch's page on this site, or on the default one where this site does not have it.

    `step` is "batch" for the page itself, "confirm", "continue" or "stop" for what its forms post to.
    """
    if site.is_registered(CancellationBatch):
        return reverse(f"{BATCH}_{step}", args=[batch.pk], current_app=site.name)
    return batch.get_absolute_url()


def cancellation_url(pk: int, *, site: AdminSite, step: str = "change") -> str:
    """The cancellation's page on this site; `step` is "change" or a decision about it."""
    return reverse(f"{CANCELLATION}_{step}", args=[pk], current_app=site.name)


def pause_url(pause: SendingPause, *, site: AdminSite) -> str:
    """The pause's page on this site."""
    return reverse(f"{PAUSE}_change", args=[pause.pk], current_app=site.name)


def pauses_url(*, site: AdminSite) -> str:
    """The list of pauses on this site."""
    return reverse(f"{PAUSE}_changelist", current_app=site.name)


def cancellations_url(*, site: AdminSite, **filters: str) -> str:
    """The list of cancellations on this site, filtered."""
    url = reverse(f"{CANCELLATION}_changelist", current_app=site.name)
    return f"{url}?{urlencode(filters)}" if filters else url


def links_to_cancellations(request: HttpRequest, *, site: AdminSite) -> Link:
    """What leads from cancellations of one order to their page, or their list if they are several.

    To nowhere for who may not see them. To the default site where this one does not have our pages.
    """
    here = site if site.is_registered(SubsidyCancellation) else admin.site
    known = here.is_registered(SubsidyCancellation)
    if not known or not here.get_model_admin(SubsidyCancellation).has_view_permission(request):
        return lambda rows: ""
    return lambda rows: rows_url(rows, site=here)


def rows_url(rows: Sequence[SubsidyCancellation], *, site: AdminSite) -> str:
    """The page of the only one, or the list of those of its order; empty where there is none."""
    if not rows:
        return ""
    first = rows[0]
    try:
        if len(rows) > 1 and len({(row.order_model, row.order_pk) for row in rows}) == 1:
            order = {"order_model__exact": first.order_model, "order_pk__exact": first.order_pk}
            return cancellations_url(site=site, **order)
        return cancellation_url(first.pk, site=site)
    except NoReverseMatch:  # the default site is nowhere among the URLs
        return ""


def order_url(order_model: str, order_pk: str) -> str:
    """The order's page in the admin; empty where there is none, or none any more."""
    try:
        return adapter_for(apps.get_model(order_model)).admin_url(order_pk)
    except (LookupError, ValueError, ImproperlyConfigured):  # not installed, or not mapped any more
        return ""


def orders_url(batch: CancellationBatch, *, site: AdminSite, using: str) -> str:
    """The list of orders that the batch was made from; the list of batches where there is none."""
    items = batch.items.using(using).exclude(order_model="")
    label = items.values_list("order_model", flat=True).first() or ""
    name = f"admin:{label.lower().replace('.', '_')}_changelist"
    try:
        return reverse(name, current_app=site.name)
    except NoReverseMatch:
        return reverse(f"{BATCH}_changelist", current_app=site.name)
