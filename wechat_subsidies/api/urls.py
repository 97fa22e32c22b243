"""What there is to call. A host says `path("…/", include("wechat_subsidies.api.urls"))`."""

from collections.abc import Callable, Iterator
from typing import Any

from django.apps import apps
from django.db import connections, transaction
from django.urls import URLPattern, path

from .base import SubsidyView
from .batches import BatchDetail, BatchItems, BatchList, ConfirmBatch, StopBatch
from .decisions import Resolve, Retry, Withdraw
from .views import CancellationDetail, CancellationList

app_name = "wechat_subsidies"

if apps.is_installed("drf_spectacular"):
    from . import schema as schema  # has it know our views

View = Callable[..., Any]


def non_atomic(view: View) -> View:
    """The view, outside of the transactions that ATOMIC_REQUESTS opens, on whichever database.

    What is asked for is sent after its commit. In a transaction of the request that would be after
    the answer was made, and one on another database than ours would have to be refused.
    """
    for alias in connections:
        view = transaction.non_atomic_requests(using=alias)(view)
    return view


def ours(route: str, view: type[SubsidyView], *, name: str) -> Iterator[URLPattern]:
    """One of our URLs, and the same with what is no key: there is none, which the view says in our way."""
    yield path(route, non_atomic(view.as_view()), name=name)
    if "<int:pk>" in route:
        anything = route.replace("<int:pk>", "<str:pk>")
        yield path(anything, non_atomic(view.as_view(schema=None)))


urlpatterns = [
    *ours("cancellations/", CancellationList, name="cancellation-list"),
    *ours("cancellations/<int:pk>/", CancellationDetail, name="cancellation-detail"),
    *ours("cancellations/<int:pk>/retry/", Retry, name="cancellation-retry"),
    *ours("cancellations/<int:pk>/withdraw/", Withdraw, name="cancellation-withdraw"),
    *ours("cancellations/<int:pk>/resolve/", Resolve, name="cancellation-resolve"),
    *ours("batches/", BatchList, name="batch-list"),
    *ours("batches/<int:pk>/", BatchDetail, name="batch-detail"),
    *ours("batches/<int:pk>/items/", BatchItems, name="batch-items"),
    *ours("batches/<int:pk>/confirm/", ConfirmBatch, name="batch-confirm"),
    *ours("batches/<int:pk>/stop/", StopBatch, name="batch-stop"),
]
