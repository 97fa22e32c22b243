"""Where things are: cancellations, batches, pauses, and the shop's own orders."""

from django.apps import apps
from django.contrib.admin import AdminSite
from django.core.exceptions import ImproperlyConfigured
from django.urls import NoReverseMatch, reverse

from ..models import CancellationBatch, SendingPause
from ..orders import adapter_for

BATCH = "admin:wechat_subsidies_cancellationbatch"
CANCELLATION = "admin:wechat_subsidies_subsidycancellation"
PAUSE = "admin:wechat_subsidies_sendingpause"


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
