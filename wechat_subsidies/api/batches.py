"""The views of batches: many cancellations at once, drafted, confirmed, followed and stopped.

A batch belongs to whoever asked for it; with the permission `view_all_batches` one sees and works on
those of others. A batch with an item outside of the caller's scopes does not exist for them.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import partial as bind
from typing import Any, ClassVar, Final

from django.db import models, transaction
from django.db.models import Q
from django.utils.translation import gettext as _
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from .. import scoping, services
from ..exceptions import InvalidRequest
from ..models import CancellationBatch, CancellationBatchItem, SubsidyCancellation
from ..orders import ReasonCode
from ..permissions import CANCEL_SUBSIDY
from ..services.transactions import refuse_foreign_transaction
from . import callers
from .acting import ActingView
from .asking import on_its_fields
from .base import SubsidyView
from .batching import selection_of
from .bodies import ConfirmSerializer, NewBatchSerializer, StopSerializer
from .errors import NotNow, refused
from .filters import BatchFilters, ItemFilters
from .idempotency import Remember
from .results import as_seen
from .serializers import BatchItemSerializer, BatchSerializer
from .tallies import tallies_of, write_alias

SOON: Final = 5  # seconds until another look at a batch is worth it

Batches = models.QuerySet[CancellationBatch]


class OfBatches(SubsidyView):
    """What the views of batches share: who may, and which exist."""

    serializer_class: Any = BatchSerializer
    read_permissions: ClassVar[Sequence[str]] = (CANCEL_SUBSIDY,)

    def get_queryset(self) -> Any:
        """The batches that exist for this request."""
        return callers.visible_batches(self.request)

    def shown(self, batches: Sequence[CancellationBatch]) -> list[dict[str, Any]]:
        """The batches with their numbers."""
        tallies = tallies_of(batches, request=self.request._request)
        context = {**self.get_serializer_context(), "tallies": tallies}
        return [dict(BatchSerializer(batch, context=context).data) for batch in batches]

    def shown_items(self, items: Iterable[CancellationBatchItem]) -> list[dict[str, Any]]:
        """The items with their cancellations, as far as those exist for the caller (one query)."""
        items = list(items)
        request = self.request._request
        keys = {item.cancellation_id for item in items} - {None}
        context = {
            **self.get_serializer_context(),
            "cancellations": scoping.visible(request).in_bulk(keys) if keys else {},
        }
        return [dict(BatchItemSerializer(item, context=context).data) for item in items]

    def items_of(self, batch: CancellationBatch) -> "models.QuerySet[CancellationBatchItem]":
        """The items of a batch, as the caller sees them, in the order in which they were given."""
        items = CancellationBatchItem.objects.using(write_alias()).filter(batch=batch)
        return as_seen(items, request=self.request._request).order_by("position")


class ActingOnBatches(OfBatches, ActingView):
    """A view of batches to which one posts."""

    def take_up(self, resource: CancellationBatch) -> CancellationBatch:
        """Go on with the batch."""
        return self.asked_for(self.find(resource))

    def asked_for(self, batch: CancellationBatch) -> CancellationBatch:
        """The batch, with as many of its items asked for as can be within a few seconds."""
        if batch.status == CancellationBatch.Status.CONFIRMED:
            services.ask_for_batch(batch.pk)
            batch.refresh_from_db(using=write_alias())
        return batch

    def answer(self, resource: CancellationBatch) -> Response:
        """The batch as it is then: 202 with where to look and when, until it is over."""
        (shown,) = self.shown([resource])
        return self.answer_of(shown, is_over=shown["is_final"])

    def answer_of(self, shown: Mapping[str, Any], *, is_over: bool) -> Response:
        """The answer that holds this."""
        if is_over:
            return Response(shown)
        headers = {"Location": shown["url"], **waiting_for(shown)}
        return Response(shown, status=status.HTTP_202_ACCEPTED, headers=headers)


class BatchList(ActingOnBatches):
    """The batches that exist for the caller, the newest first; posting asks for one, or drafts it."""

    filter_serializer = BatchFilters

    def get_serializer_class(self) -> Any:
        """That of a body to post, or that of a batch."""
        return NewBatchSerializer if self.request.method == "POST" else BatchSerializer

    def get(self, request: Request, **kwargs: Any) -> Response:
        """A page of the list."""
        page = self.paginate_queryset(self.wanted.filtered(self.get_queryset()))
        return self.get_paginated_response(self.shown(page or []))

    def act(self, remember: Remember) -> CancellationBatch:
        """Ask for the batch, or draft it."""
        values = self.read_values()
        selection = selection_of(values, request=self.request._request)
        try:
            with transaction.atomic(using=write_alias()):
                batch = services.ask_for_selection(
                    selection,
                    draft=values["draft"],
                    withdrawn=values["withdrawn"],
                    description=values.get("description"),
                    requested_by=callers.requester(self.request),
                    source=SubsidyCancellation.Source.API,
                    http_request=self.request._request,
                )
                remember(batch)
        except InvalidRequest as error:
            raise on_its_fields(error) from error
        return self.asked_for(batch)

    def answer(self, resource: CancellationBatch) -> Response:
        """The batch, and of each item what became of it."""
        (shown,) = self.shown([resource])
        items = self.shown_items(self.items_of(resource))
        return self.answer_of({**shown, "items": items}, is_over=False)


class BatchDetail(OfBatches):
    """One batch."""

    def get(self, request: Request, **kwargs: Any) -> Response:
        """The batch as it is now."""
        (shown,) = self.shown([self.get_object()])
        return Response(shown, headers=waiting_for(shown))


class BatchItems(OfBatches):
    """The items of one batch, in the order in which they were given."""

    serializer_class = BatchItemSerializer
    filter_serializer = ItemFilters

    def get(self, request: Request, **kwargs: Any) -> Response:
        """A page of them."""
        page = self.paginate_queryset(self.wanted.filtered(self.items_of(self.get_object())))
        return self.get_paginated_response(self.shown_items(page or []))


class ConfirmBatch(ActingOnBatches):
    """Confirm a draft: from here on it is frozen, and its items are asked for."""

    serializer_class = ConfirmSerializer

    def act(self, remember: Remember) -> CancellationBatch:
        """Confirm it; one that is confirmed already stays as it is."""
        batch: CancellationBatch = self.get_object()
        values = self.read_values()
        refuse_foreign_transaction(write_alias())  # the service cannot, within ours
        try:
            remember.together_with(bind(self.confirmed, batch, values))
        except InvalidRequest as error:
            if not error.fields:
                raise NotNow(str(error), code=error.code) from error
            raise on_its_fields(error) from error
        return self.asked_for(batch)

    def confirmed(self, batch: CancellationBatch, values: Mapping[str, Any]) -> CancellationBatch:
        """The batch, confirmed by now. Raises InvalidRequest, and NotNow for one that was stopped."""
        services.confirm_batch(
            batch,
            confirmed_by=callers.requester(self.request),
            description=values.get("description"),
            ticked_items=self.ticked(batch, values),
        )
        batch.refresh_from_db(using=write_alias())
        if batch.status == CancellationBatch.Status.STOPPED:
            raise NotNow(_("The batch was stopped."), code="stopped")
        return batch

    def ticked(self, batch: CancellationBatch, values: Mapping[str, Any]) -> list[int]:
        """The keys of the items that get an explicit yes: all of a kind, or those named.

        Raises ValidationError for a position at which there is none.
        """
        positions = set(values.get("ticked_items", ()))
        items = self.items_of(batch)
        if positions - set(items.filter(position__in=positions).values_list("position", flat=True)):
            words = _("The batch has no item at one of these positions.")
            raise refused("ticked_items", code="out_of_range", words=words)
        named = Q(position__in=positions)
        partial, withdrawn = Q(code=ReasonCode.PARTLY_REFUNDED), Q(code=ReasonCode.WITHDRAWN)
        if values["partial"]:
            # One that has a cancellation was withdrawn besides, and takes both.
            named |= partial if values["withdrawn"] else partial & Q(cancellation=None)
        if values["withdrawn"]:
            named |= withdrawn
        return list(items.filter(named).values_list("pk", flat=True))


class StopBatch(ActingOnBatches):
    """Stop a batch: nothing more is asked for, and what waits is withdrawn."""

    serializer_class = StopSerializer

    def act(self, remember: Remember) -> CancellationBatch:
        """Stop it; one that is stopped already stays so."""
        batch: CancellationBatch = self.get_object()
        try:
            services.stop_batch(
                batch, stopped_by=callers.requester(self.request), **self.read_values()
            )
        except InvalidRequest as error:
            raise on_its_fields(error) from error
        return batch


def waiting_for(shown: Mapping[str, Any]) -> dict[str, str]:
    """The header that says when to look again; a draft waits for a person, and nobody for it."""
    is_draft = shown["status"] == CancellationBatch.Status.DRAFT
    return {} if is_draft or shown["is_final"] else {"Retry-After": str(SOON)}
