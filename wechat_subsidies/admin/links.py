"""Where things are: cancellations, batches, pauses, and the shop's own orders.

On the admin site that the page is on; what that one does not have is looked for on the others.
"""

from collections.abc import Callable, Sequence
from urllib.parse import urlencode

from django.apps import apps
from django.contrib.admin import AdminSite
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest

from ..models import CancellationBatch, SendingPause, SubsidyCancellation
from ..orders import adapter_for
from ..permissions import may_see_cancellations
from ..places import admin_page

BATCH = "wechat_subsidies_cancellationbatch"
CANCELLATION = "wechat_subsidies_subsidycancellation"
PAUSE = "wechat_subsidies_sendingpause"

Link = Callable[[Sequence[SubsidyCancellation]], str]


def batch_url(batch: CancellationBatch, *, site: AdminSite, step: str = "batch") -> str:
    """The batch's page; empty where no site has it.

    `step` is "batch" for the page itself, "confirm", "continue" or "stop" for what its forms post to.
    """
    return admin_page(f"{BATCH}_{step}", batch.pk, site_name=site.name)


def batches_url(*, site: AdminSite) -> str:
    """The list of batches; empty where no site has it, and so none the page of any batch."""
    return admin_page(f"{BATCH}_changelist", site_name=site.name)


def cancellation_url(pk: int, *, site: AdminSite, step: str = "change") -> str:
    """The cancellation's page; `step` is "change" or a decision about it."""
    return admin_page(f"{CANCELLATION}_{step}", pk, site_name=site.name)


def pause_url(pause: SendingPause, *, site: AdminSite) -> str:
    """The pause's page."""
    return admin_page(f"{PAUSE}_change", pause.pk, site_name=site.name)


def pauses_url(*, site: AdminSite) -> str:
    """The list of pauses."""
    return admin_page(f"{PAUSE}_changelist", site_name=site.name)


def cancellations_url(*, site: AdminSite, **filters: str) -> str:
    """The list of cancellations, filtered; empty where no site has it."""
    url = admin_page(f"{CANCELLATION}_changelist", site_name=site.name)
    return f"{url}?{urlencode(filters)}" if url and filters else url


def links_to_cancellations(request: HttpRequest, *, site: AdminSite) -> Link:
    """What leads from cancellations of one order to their page, or their list if they are several.

    To nowhere for who may not see them, and where no site has our pages.
    """
    if not may_see_cancellations(request.user):
        return lambda rows: ""
    return lambda rows: rows_url(rows, site=site)


def rows_url(rows: Sequence[SubsidyCancellation], *, site: AdminSite) -> str:
    """The page of the only one, or the list of those of its order; empty where there is none."""
    if not rows:
        return ""
    first = rows[0]
    if len(rows) > 1 and len({(row.order_model, row.order_pk) for row in rows}) == 1:
        order = {"order_model__exact": first.order_model, "order_pk__exact": first.order_pk}
        return cancellations_url(site=site, **order)
    return cancellation_url(first.pk, site=site)


def order_url(order_model: str, order_pk: str, *, site: AdminSite) -> str:
    """The order's page in the admin; empty where there is none, or none any more."""
    try:
        adapter = adapter_for(apps.get_model(order_model))
    except (LookupError, ValueError, ImproperlyConfigured):  # not installed, or not mapped any more
        return ""
    return adapter.admin_url(order_pk, site_name=site.name)


def orders_url(batch: CancellationBatch, *, site: AdminSite, using: str) -> str:
    """The list of orders that the batch was made from; the list of batches where there is none."""
    items = batch.items.using(using).exclude(order_model="")
    label = items.values_list("order_model", flat=True).first() or ""
    name = f"{label.lower().replace('.', '_')}_changelist"
    return admin_page(name, site_name=site.name) or batches_url(site=site)
