"""The views of what people decide about a cancellation: retry, withdraw, resolve."""

from collections.abc import Callable
from typing import ClassVar

from django.db import router, transaction
from rest_framework.response import Response

from .. import services
from ..exceptions import InvalidRequest
from ..models import SubsidyCancellation
from ..permissions import RESOLVE_CANCELLATION
from ..services.transactions import hold, refuse_foreign_transaction
from . import callers
from .acting import ActingView
from .answers import answer_with
from .asking import on_its_fields
from .bodies import ResolveSerializer, RetrySerializer, WithdrawSerializer
from .idempotency import Remember


class Decision(ActingView):
    """One thing that may be done about a cancellation; a subclass names the service."""

    decide: ClassVar[Callable[..., SubsidyCancellation]]
    by: ClassVar[str] = "requested_by"

    def act(self, remember: Remember) -> SubsidyCancellation:
        """Do it. Raises Conflict for what the cancellation does not allow."""
        cancellation: SubsidyCancellation = self.get_object()
        values = {**self.read_values(), self.by: callers.requester(self.request)}
        using = router.db_for_write(SubsidyCancellation)
        refuse_foreign_transaction(using)  # the services cannot, within ours
        try:
            with transaction.atomic(using=using):
                hold(cancellation, using=using)
                self.decide(cancellation, **values)
                remember(cancellation)
        except InvalidRequest as error:
            raise on_its_fields(error) from error
        cancellation.refresh_from_db(using=using)  # what is sent is sent once that is committed
        return cancellation

    def answer(self, resource: SubsidyCancellation) -> Response:
        """The cancellation as it is then."""
        return answer_with(resource, view=self)


class Retry(Decision):
    """Have a refused cancellation, or one that needs review, sent again."""

    serializer_class = RetrySerializer
    decide = staticmethod(services.retry)


class Withdraw(Decision):
    """Take back what waits and was certainly not carried out."""

    serializer_class = WithdrawSerializer
    decide = staticmethod(services.withdraw)


class Resolve(Decision):
    """State what a person has seen of a cancellation that needs review."""

    serializer_class = ResolveSerializer
    permission = RESOLVE_CANCELLATION
    decide = staticmethod(services.resolve)
    by = "resolved_by"
