"""The views: cancellations as a list to look through and to add to, and one by one."""

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from . import asking
from .answers import answer_with
from .base import SubsidyView
from .bodies import NewCancellationSerializer
from .serializers import CancellationSerializer


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
        return answer_with(asking.ask(self.read_values(), request=request), view=self)


class CancellationDetail(SubsidyView):
    """One cancellation."""

    def get(self, request: Request, **kwargs: Any) -> Response:
        """The cancellation as it is now."""
        return Response(self.get_serializer(self.get_object()).data)
