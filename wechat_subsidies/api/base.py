"""What all views share: the host's ways, read at each request, and our own where they matter."""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from django.http.request import RawPostDataException
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from rest_framework.exceptions import (
    APIException,
    ErrorDetail,
    NotFound,
    ParseError,
    ValidationError,
)
from rest_framework.generics import GenericAPIView
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.settings import api_settings
from rest_framework.throttling import BaseThrottle

from .. import scoping
from ..permissions import CANCEL_SUBSIDY, RESOLVE_CANCELLATION, VIEW_CANCELLATION
from . import conditional, errors, repeats, throttling
from .filters import PageSerializer, values_of
from .pagination import KeysetPagination, Ordering
from .permissions import permission_classes
from .serializers import CancellationSerializer


class HostDefault:
    """One of DRF's settings as the host has it at each request; DRF's own views keep that of import."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __get__(self, view: object, owner: type) -> Any:
        return getattr(api_settings, self.name)


def host_default(name: str) -> Any:
    """The attribute of a view that follows DRF's setting of that name."""
    return HostDefault(name)


class SubsidyView(GenericAPIView[Any]):
    """A view of ours: authenticated, rendered, parsed and versioned in the host's ways.

    Permissions, scopes, the shape of errors and pages are ours.
    """

    authentication_classes = host_default("DEFAULT_AUTHENTICATION_CLASSES")
    renderer_classes = host_default("DEFAULT_RENDERER_CLASSES")
    parser_classes = host_default("DEFAULT_PARSER_CLASSES")
    throttle_classes = host_default("DEFAULT_THROTTLE_CLASSES")
    versioning_class = host_default("DEFAULT_VERSIONING_CLASS")
    content_negotiation_class = host_default("DEFAULT_CONTENT_NEGOTIATION_CLASS")
    metadata_class = host_default("DEFAULT_METADATA_CLASS")
    filter_backends = ()
    # What a request takes that changes something, and of what reading takes one. Permission classes
    # of a host may look at them, too.
    permission: ClassVar[str] = CANCEL_SUBSIDY
    read_permissions: ClassVar[Sequence[str]] = (
        CANCEL_SUBSIDY,
        RESOLVE_CANCELLATION,
        VIEW_CANCELLATION,
    )
    pagination_class = KeysetPagination
    filter_serializer: ClassVar[type[PageSerializer]] = PageSerializer
    serializer_class: Any = CancellationSerializer

    def get_permissions(self) -> list[BasePermission]:
        """Those of the settings, as they are by now."""
        return [permission() for permission in permission_classes()]

    def get_throttles(self) -> list[BaseThrottle]:
        """The host's, and ours besides where it has a rate: a limit of the whole site stays one."""
        throttles = super().get_throttles()
        return [*throttles, throttling.CallerThrottle()] if throttling.rate() else throttles

    def get_queryset(self) -> Any:
        """The cancellations that exist for this request."""
        return scoping.visible(self.request._request)

    def get_object(self) -> Any:
        """The one that the address names. Raises NotFound, also for what is no key at all."""
        if not isinstance(self.kwargs["pk"], int):
            raise NotFound
        return super().get_object()

    @cached_property
    def wanted(self) -> PageSerializer:
        """Which rows of a list are asked for, in which order. Raises ValidationError."""
        values = values_of(self.request.query_params)
        wanted = self.filter_serializer(data=values, context=self.get_serializer_context())
        wanted.is_valid(raise_exception=True)
        return wanted

    def ordering_of(self, request: Request) -> Ordering:
        """The order of the list."""
        return self.wanted.order_by

    def read_values(self) -> dict[str, Any]:
        """The values of the body, looked through by this view's serializer. Raises ValidationError."""
        body = self.read_body()
        if body is None:  # DRF has words for it in English alone
            words = _("The body is null; it has to be an object.")
            raise ValidationError([ErrorDetail(words, code="null")])
        wanted = self.get_serializer(data=body)
        wanted.is_valid(raise_exception=True)
        return dict(wanted.validated_data)

    def read_body(self) -> Any:
        """What the body holds, by the host's parsers. Raises ParseError whatever a body does to them.

        They let out more than their own errors: a RecursionError for a deeply nested body, a
        codec's own errors for a charset such as `zlib`. Raises ValidationError for names that it has
        twice, of which they say nothing.
        """
        try:
            text = self.json_as_sent()  # before they read it, or it is gone
            data = self.request.data
            repeats.refuse_repeated_names(text)
        except APIException:
            raise
        except Exception as error:
            raise ParseError from error
        return data

    def json_as_sent(self) -> bytes:
        """The body as it was sent; nothing where it is no JSON, or somebody has read it already."""
        if not repeats.is_json(self.request.content_type or ""):
            return b""
        try:
            return self.request._request.body
        except RawPostDataException:  # by a permission of the host's
            return b""

    def finalize_response(self, request: Any, response: Any, *args: Any, **kwargs: Any) -> Response:
        """The response; what was looked at before and has not changed is not sent again."""
        finished = super().finalize_response(request, response, *args, **kwargs)
        if isinstance(finished, Response) and isinstance(request, Request):
            conditional.answer(request, finished)
        return finished

    def get_exception_handler(self) -> Callable[..., Any]:
        """Ours, so that errors have one shape on every host."""
        return errors.answer
