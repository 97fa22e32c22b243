"""The views of what people decide about a cancellation: retry, withdraw, resolve."""

from collections.abc import Mapping
from typing import Any, ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from .. import services
from ..exceptions import InvalidRequest
from ..models import SubsidyCancellation
from ..permissions import RESOLVE_CANCELLATION
from . import callers
from .answers import answer_with
from .asking import on_its_fields
from .base import SubsidyView
from .bodies import ResolveSerializer, RetrySerializer, WithdrawSerializer


class Decision(SubsidyView):
    """One thing that may be done about a cancellation; a subclass says which."""

    def post(self, request: Request, **kwargs: Any) -> Response:
        """Do it, and answer with the cancellation as it is then."""
        cancellation = self.get_object()
        try:
            decided = self.decide(cancellation, self.read_values(), by=callers.requester(request))
        except InvalidRequest as error:
            raise on_its_fields(error) from error
        return answer_with(decided, view=self)

    def decide(
        self, cancellation: SubsidyCancellation, values: Mapping[str, Any], *, by: Any
    ) -> SubsidyCancellation:
        """Call the service. Raises Conflict for what the cancellation does not allow."""
        raise NotImplementedError


class Retry(Decision):
    """Have a refused cancellation, or one that needs review, sent again."""

    serializer_class = RetrySerializer

    def decide(
        self, cancellation: SubsidyCancellation, values: Mapping[str, Any], *, by: Any
    ) -> SubsidyCancellation:
        """Retry it: with other parameters, if it is not in doubt."""
        return services.retry(cancellation, **values, requested_by=by)


class Withdraw(Decision):
    """Take back what waits and was certainly not carried out."""

    serializer_class = WithdrawSerializer

    def decide(
        self, cancellation: SubsidyCancellation, values: Mapping[str, Any], *, by: Any
    ) -> SubsidyCancellation:
        """Withdraw it."""
        return services.withdraw(cancellation, **values, requested_by=by)


class Resolve(Decision):
    """State what a person has seen of a cancellation that needs review."""

    serializer_class = ResolveSerializer
    permission: ClassVar = RESOLVE_CANCELLATION

    def decide(
        self, cancellation: SubsidyCancellation, values: Mapping[str, Any], *, by: Any
    ) -> SubsidyCancellation:
        """Resolve it."""
        return services.resolve(cancellation, **values, resolved_by=by)
