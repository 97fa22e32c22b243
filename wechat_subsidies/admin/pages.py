"""Pages of our own in the admin, beside those that Django makes."""

from collections.abc import Callable, Sequence
from typing import Any

from django.contrib import admin
from django.db import connections, transaction
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path
from django.views.decorators.http import require_http_methods

View = Callable[..., HttpResponseBase]


def own_page(
    model_admin: "admin.ModelAdmin[Any]",
    route: str,
    view: View,
    *,
    name: str,
    methods: Sequence[str],
    **values: Any,
) -> URLPattern:
    """One of our URLs: for staff, with CSRF protection, outside of ATOMIC_REQUESTS.

    Sending has to see what is committed, so it refuses to run inside a transaction. `values` are
    handed to the view besides those of the route.
    """
    guarded = model_admin.admin_site.admin_view(require_http_methods(list(methods))(view))
    for alias in connections:
        guarded = transaction.non_atomic_requests(using=alias)(guarded)
    options = model_admin.opts
    return path(route, guarded, values, name=f"{options.app_label}_{options.model_name}_{name}")
