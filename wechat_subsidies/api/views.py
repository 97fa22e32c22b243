"""The views: cancellations as a list to look through and to add to, and one by one."""

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from ..models import CancellationBatchItem, SubsidyCancellation
from ..services.asking import have_sent
from . import asking
from .acting import ActingView
from .answers import answer_with, waiting_for
from .base import SubsidyView
from .bodies import NewCancellationSerializer
from .callers import visible_batches
from .filters import CancellationFilters
from .idempotency import Remember
from .serializers import CancellationSerializer


class CancellationList(ActingView):
    """The cancellations that exist for the caller, the newest first; posting asks for one."""

    def get_serializer_class(self) -> Any:
        """That of a body to post, or that of a cancellation."""
        asks = self.request.method == "POST"
        return NewCancellationSerializer if asks else CancellationSerializer

    filter_serializer = CancellationFilters

    def rows(self) -> Any:
        """The cancellations that are asked for; those of a batch, if the batch exists for the caller."""
        rows = self.wanted.filtered(self.get_queryset())
        batch = self.wanted.validated_data.get("batch")
        if batch is None:
            return rows
        visible = visible_batches(self.request).filter(pk=batch)
        items = CancellationBatchItem.objects.filter(batch__in=visible.values("pk"))
        return rows.filter(pk__in=items.values("cancellation"))

    def get(self, request: Request, **kwargs: Any) -> Response:
        """A page of the list."""
        page = self.paginate_queryset(self.rows())
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    def act(self, remember: Remember) -> SubsidyCancellation:
        """Ask for the cancellation of one order's subsidy; safe to repeat."""
        return asking.ask(self.read_values(), request=self.request, remember=remember)

    def take_up(self, resource: SubsidyCancellation) -> SubsidyCancellation:
        """The same as it is now, and sent if it waits: whoever had it recorded died before that."""
        found = self.find(resource)
        have_sent(found)
        return found

    def find(self, resource: SubsidyCancellation) -> SubsidyCancellation:
        """The same as it is now, and how it differs from what is asked for once more."""
        found: SubsidyCancellation = super().find(resource)
        values = self.read_values()
        found.differs = found.differing_from(
            refund_id=values.get("refund_id"), description=values.get("description")
        )
        return found

    def answer(self, resource: SubsidyCancellation) -> Response:
        """The cancellation as it is then."""
        return answer_with(resource, view=self)


class CancellationDetail(SubsidyView):
    """One cancellation."""

    def get(self, request: Request, **kwargs: Any) -> Response:
        """The cancellation as it is now, and while it is not finished when to look again."""
        cancellation = self.get_object()
        shown = self.get_serializer(cancellation).data
        return Response(shown, headers=waiting_for(cancellation))
