"""The answer that holds a cancellation: its status and its headers."""

import math
from datetime import UTC, datetime
from typing import Final

from rest_framework import status
from rest_framework.response import Response

from ..models import SubsidyCancellation
from .base import SubsidyView
from .serializers import CancellationSerializer

SOON: Final = 2  # seconds: what is due now, or on its way, is worth another look after that


def answer_with(cancellation: SubsidyCancellation, *, view: SubsidyView) -> Response:
    """The answer to a request that asked for something to be done about this cancellation."""
    shown = CancellationSerializer(cancellation, context=view.get_serializer_context()).data
    return Response(
        shown, status=status_of(cancellation), headers=headers_of(cancellation, url=shown["url"])
    )


def status_of(cancellation: SubsidyCancellation) -> int:
    """202 while it is not finished, then 201 for whoever had it recorded, 200 for who asks again.

    Whether WeChat Pay has cancelled or refused is in the body: the request was carried out.
    """
    if not cancellation.is_final:
        return status.HTTP_202_ACCEPTED
    return status.HTTP_201_CREATED if cancellation.newly_recorded else status.HTTP_200_OK


def headers_of(cancellation: SubsidyCancellation, *, url: str) -> dict[str, str]:
    """Where to look at what was asked for, and how soon that is worth it."""
    is_news = cancellation.newly_recorded or not cancellation.is_final
    return waiting_for(cancellation) | ({"Location": url} if is_news else {})


def waiting_for(cancellation: SubsidyCancellation) -> dict[str, str]:
    """The header that says when to look again; none for what is finished."""
    if cancellation.is_final:
        return {}
    return {"Retry-After": str(seconds_until_change(cancellation))}


def seconds_until_change(cancellation: SubsidyCancellation) -> int:
    """In how many seconds another look is worth it: a hint, so by this host's clock."""
    if cancellation.next_attempt_at is None:  # being sent right now
        return SOON
    wait = cancellation.next_attempt_at - datetime.now(UTC)
    return max(SOON, math.ceil(wait.total_seconds()))
