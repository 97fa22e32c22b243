"""What there is to call. A host says `path("…/", include("wechat_subsidies.api.urls"))`."""

from collections.abc import Callable
from typing import Any

from django.db import connections, transaction
from django.urls import path

from .views import CancellationDetail, CancellationList

app_name = "wechat_subsidies"

View = Callable[..., Any]


def non_atomic(view: View) -> View:
    """The view, outside of the transactions that ATOMIC_REQUESTS opens, on whichever database.

    What is asked for is sent after its commit. In a transaction of the request that would be after
    the answer was made, and one on another database than ours would have to be refused.
    """
    for alias in connections:
        view = transaction.non_atomic_requests(using=alias)(view)
    return view


urlpatterns = [
    path("cancellations/", non_atomic(CancellationList.as_view()), name="cancellation-list"),
    path(
        "cancellations/<int:pk>/",
        non_atomic(CancellationDetail.as_view()),
        name="cancellation-detail",
    ),
]
