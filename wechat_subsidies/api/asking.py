"""From a valid body to the service, and from what the service refuses to the fields it is about."""

from collections.abc import Collection, Mapping
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.request import Request

from .. import scoping, services
from ..exceptions import Conflict, InvalidRequest, NotEligible, SeveralTransactions, SubsidyError
from ..models import SubsidyCancellation
from . import callers, naming
from .bodies import NewCancellationSerializer
from .errors import refused

IDENTIFIERS = ("sub_mchid", "transaction_id")
PARAMETERS = ("description", "refund_id", "partial")

# Where the service's words speak of its functions.
WORDS: Final = {
    SeveralTransactions.code: gettext_lazy(
        "The order holds several transactions: name one, by sub_mchid and transaction_id."
    )
}


def ask(values: Mapping[str, Any], *, request: Request) -> SubsidyCancellation:
    """Ask for what the values of a NewCancellationSerializer say, in the caller's name.

    Raises ValidationError with a code per field, Conflict, ConcurrentRequest or ForeignTransaction;
    then nothing was recorded.
    """
    way = NewCancellationSerializer.way_of(values)
    ask_by = by_transaction if way == "transaction_id" else by_order
    try:
        cancellation = ask_by(values, request=request)
    except (InvalidRequest, NotEligible, SeveralTransactions) as error:
        raise on_its_way(error, given=values, way=way) from error
    except Conflict as error:
        refuse_hidden(error.cancellation, request=request)
        raise
    refuse_hidden(cancellation, request=request)
    return cancellation


def by_transaction(values: Mapping[str, Any], *, request: Request) -> SubsidyCancellation:
    """Ask for what WeChat Pay's identifiers name."""
    http_request = request._request
    identifiers = {name: values[name] for name in IDENTIFIERS}
    naming.refuse_unknown_transaction(**identifiers, request=http_request)
    merchant = {"merchant": values["merchant"]} if "merchant" in values else {}
    return services.cancel_subsidy(
        **identifiers, **merchant, **common(values, request=request), http_request=http_request
    )


def by_order(values: Mapping[str, Any], *, request: Request) -> SubsidyCancellation:
    """Ask for the one transaction of an order of the shop's."""
    order = naming.order_named(values, request=request._request)
    return services.cancel_subsidy_for_order(order, **common(values, request=request))


def common(values: Mapping[str, Any], *, request: Request) -> dict[str, Any]:
    """What is the same however the order is named: the other parameters, who asks, and which way."""
    given = {name: values[name] for name in PARAMETERS if name in values}
    return {
        **given,
        "requested_by": callers.requester(request),
        "source": SubsidyCancellation.Source.API,
    }


def on_its_way(error: SubsidyError, *, given: Mapping[str, Any], way: str) -> ValidationError:
    """The refusal on the fields it is about; what the caller did not give is the order's."""
    if isinstance(error, InvalidRequest):
        return on_its_fields(error, given=given, otherwise=way)
    return refused(way, code=error.code, words=WORDS.get(error.code, str(error)))


def on_its_fields(
    error: InvalidRequest, *, given: Collection[str] | None = None, otherwise: str = ""
) -> ValidationError:
    """The refusal on the fields it is about; `otherwise` stands for those that were not given."""
    fields: dict[str, list[ErrorDetail]] = {}
    for name, (code, words) in error.fields.items():
        field = name if given is None or name in given else otherwise
        fields.setdefault(field, []).append(ErrorDetail(str(words), code=code))
    return ValidationError(fields or [ErrorDetail(str(error), code=error.code)])


def refuse_hidden(cancellation: SubsidyCancellation, *, request: Request) -> None:
    """Raise Conflict, without a word on it, for a cancellation that does not exist for the caller.

    The caller's own order may have been another's when it was asked for.
    """
    if scoping.is_visible(cancellation, request=request._request):
        return
    words = _("This transaction was asked for in another way. Ask the shop's staff.")
    raise Conflict(words, code="other_order", cancellation=cancellation)
