"""From a valid body to the service, and from what the service refuses to the fields it is about."""

import re
from collections.abc import Collection, Mapping
from typing import Any, Final

from django.utils.translation import gettext_lazy
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.request import Request

from .. import services
from ..exceptions import InvalidRequest, NotEligible, SeveralTransactions, SubsidyError
from ..models import SubsidyCancellation
from ..services.asking import Within
from . import callers, naming
from .bodies import NewCancellationSerializer
from .errors import refused
from .idempotency import Remember

IDENTIFIERS = ("sub_mchid", "transaction_id")
PARAMETERS = ("description", "refund_id", "partial")

# Where the service's words speak of its functions.
WORDS: Final = {
    SeveralTransactions.code: gettext_lazy(
        "The order holds several transactions: name one, by sub_mchid and transaction_id."
    )
}


def ask(values: Mapping[str, Any], *, request: Request, remember: Remember) -> SubsidyCancellation:
    """Ask for what the values of a NewCancellationSerializer say, in the caller's name.

    It is remembered together with its being recorded, and sent after that.

    Raises ValidationError with a code per field, Conflict, ConcurrentRequest or ForeignTransaction;
    then nothing was recorded.
    """
    way = NewCancellationSerializer.way_of(values)
    ask_by = by_transaction if way == "transaction_id" else by_order
    try:
        return ask_by(values, request=request, within=remember.together_with)
    except (InvalidRequest, NotEligible, SeveralTransactions) as error:
        raise on_its_way(error, given=values, way=way) from error


def by_transaction(
    values: Mapping[str, Any], *, request: Request, within: Within
) -> SubsidyCancellation:
    """Ask for what WeChat Pay's identifiers name."""
    identifiers = {name: values[name] for name in IDENTIFIERS}
    naming.refuse_unknown_transaction(**identifiers, request=request._request)
    merchant = {"merchant": values["merchant"]} if "merchant" in values else {}
    others = common(values, request=request)
    return services.cancel_subsidy(**identifiers, **merchant, **others, within=within)


def by_order(values: Mapping[str, Any], *, request: Request, within: Within) -> SubsidyCancellation:
    """Ask for the one transaction of an order of the shop's."""
    order = naming.order_named(values, request=request._request)
    others = common(values, request=request)
    return services.cancel_subsidy_for_order(order, **others, within=within)


def common(values: Mapping[str, Any], *, request: Request) -> dict[str, Any]:
    """What is the same however the order is named: the other parameters, who asks, and which way."""
    given = {name: values[name] for name in PARAMETERS if name in values}
    return {
        **given,
        "requested_by": callers.requester(request),
        "source": SubsidyCancellation.Source.API,
        "http_request": request._request,
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
        said = re.sub(f"^{field}(: |：)", "", str(words))  # words may begin with the field's name
        fields.setdefault(field, []).append(ErrorDetail(said, code=code))
    return ValidationError(fields or [ErrorDetail(str(error), code=error.code)])
