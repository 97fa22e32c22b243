"""The views: cancellations as a list to look through and to add to, and one by one."""

import math
from datetime import UTC, datetime
from typing import Any, Final

from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from ..models import SubsidyCancellation
from . import asking
from .base import SubsidyView
from .serializers import CancellationSerializer, NewCancellationSerializer

SOON: Final = 2  # seconds: what is due now, or on its way, is worth another look after that


class CancellationList(SubsidyView):
    """The cancellations that exist for the caller, the newest first; posting asks for one."""

    def get_serializer_class(self) -> Any:
        """That of a body to post, or that of a cancellation."""
        asks = self.request.method == "POST"
        return NewCancellationSerializer if asks else CancellationSerializer

    def get(self, request: Request, **kwargs: Any) -> Response:
        """A page of the list."""
        page = self.paginate_queryset(self.get_queryset())
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    def post(self, request: Request, **kwargs: Any) -> Response:
        """Ask for the cancellation of one order's subsidy; safe to repeat."""
        wanted = self.get_serializer(data=self.read_body())
        wanted.is_valid(raise_exception=True)
        cancellation = asking.ask(wanted.validated_data, request=request)
        shown = CancellationSerializer(cancellation, context=self.get_serializer_context()).data
        return Response(
            shown,
            status=status_of(cancellation),
            headers=headers_of(cancellation, url=shown["url"]),
        )


class CancellationDetail(SubsidyView):
    """One cancellation."""

    def get(self, request: Request, **kwargs: Any) -> Response:
        """The cancellation as it is now."""
        return Response(self.get_serializer(self.get_object()).data)


def status_of(cancellation: SubsidyCancellation) -> int:
    """202 while it is not finished, then 201 for whoever had it recorded, 200 for who asks again.

    Whether WeChat Pay has cancelled or refused is in the body: the request was carried out.
    """
    if not cancellation.is_final:
        return status.HTTP_202_ACCEPTED
    return status.HTTP_201_CREATED if cancellation.newly_recorded else status.HTTP_200_OK


def headers_of(cancellation: SubsidyCancellation, *, url: str) -> dict[str, str]:
    """Where to look at what was asked for, and how soon that is worth it."""
    if not cancellation.is_final:
        return {"Location": url, "Retry-After": str(seconds_until_change(cancellation))}
    return {"Location": url} if cancellation.newly_recorded else {}


def seconds_until_change(cancellation: SubsidyCancellation) -> int:
    """In how many seconds another look is worth it: a hint, so by this host's clock."""
    if cancellation.next_attempt_at is None:  # being sent right now
        return SOON
    wait = cancellation.next_attempt_at - datetime.now(UTC)
    return max(SOON, math.ceil(wait.total_seconds()))
