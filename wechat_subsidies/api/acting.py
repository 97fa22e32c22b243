"""What the views share that change something: done once for each `Idempotency-Key`."""

from typing import Any, TypeVar

from django.http.request import RawPostDataException
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from .base import SubsidyView
from .idempotency import Remember, answered_once

Row = TypeVar("Row")


class ActingView(SubsidyView):
    """A view to which one posts; a subclass says what is done, and how it is answered."""

    def post(self, request: Request, **kwargs: Any) -> Response:
        """Do it; a repeat with the same `Idempotency-Key` gets the same status, and what is there by now."""
        return answered_once(request, self, read_body=self.read_bytes)

    def act(self, remember: Remember) -> Any:
        """Do it; returns what it is about."""
        raise NotImplementedError

    def take_up(self, resource: Any) -> Any:
        """Go on with what an earlier process had recorded."""
        return self.find(resource)

    def find(self, resource: Any) -> Any:
        """The same as it is now. Raises NotFound if it does not exist for the caller."""
        found = self.get_queryset().filter(pk=resource.pk).first()
        if found is None:
            raise NotFound
        return found

    def answer(self, resource: Any) -> Response:
        """The answer that holds it."""
        raise NotImplementedError

    def read_bytes(self) -> bytes:
        """The body as it was sent; what it holds, where somebody has read it already."""
        try:
            return self.request._request.body
        except RawPostDataException:  # a form, for its CSRF token; or by a permission of the host's
            return repr(self.read_body()).encode(errors="backslashreplace")
