"""A wish: what is asked for, looked through and ready to be recorded."""

from dataclasses import dataclass, replace
from typing import Any, Final

from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ..conf import MerchantSettings, app_settings
from ..exceptions import InvalidRequest
from ..orders import OrderAdapter, Target
from ..orders.keys import concrete
from ..texts import storable
from ..wechatpay import CancelRequest, InvalidParameter
from .eligibility import the_shops_code
from .requester import Requester

SCOPE_LENGTH: Final = 64

WRONG: Final = gettext_lazy("%(field)s: WeChat Pay would not accept this value.")
WORDS: Final = {
    "required": gettext_lazy("%(field)s: a value is required."),
    "too_long": gettext_lazy("%(field)s: the value is too long."),
    "wrong_type": gettext_lazy("%(field)s: the value must be text."),
    "invalid_characters": gettext_lazy(
        "%(field)s: the value has characters that WeChat Pay does not accept. Identifiers consist of "
        "ASCII letters, digits and _-|*@; a description has no emoji and no line breaks."
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """One wish, looked through and ready to be recorded: who is asked, for what, by whom.

    `refund_id` is what the refund is known by, also where the merchant does not send it. With an
    `http_request` only what exists for it is touched.
    """

    merchant: MerchantSettings
    request: CancelRequest
    refund_id: str
    requester: Requester
    source: str
    refund_id_given: bool
    description_given: bool
    order_facts: dict[str, Any]
    http_request: HttpRequest | None = None

    @property
    def identity(self) -> dict[str, str]:
        """What a cancellation is known by."""
        return {
            "sub_mchid": self.request.sub_mchid,
            "transaction_id": self.request.transaction_id,
        }


def checked_request(
    *, sub_mchid: str, transaction_id: str, refund_id: str | None, description: str | None
) -> CancelRequest:
    """The request with these parameters, the settings' description if there is none.

    Raises InvalidRequest for what WeChat Pay would refuse, before any database sees it.
    """
    try:
        return CancelRequest(
            sub_mchid=sub_mchid,
            transaction_id=transaction_id,
            refund_id=refund_id or None,
            description=description or app_settings.description,
        )
    except InvalidParameter as error:
        raise refused(error) from error


def refused(error: InvalidParameter) -> InvalidRequest:
    """The protocol's refusal of a parameter in the reader's language."""
    words = WORDS.get(error.code, WRONG) % {"field": error.field}
    return InvalidRequest(words, fields={error.field: (error.code, words)})


def as_sent(request: CancelRequest, *, merchant: MerchantSettings) -> CancelRequest:
    """The request as this merchant sends it: without the refund's number where that is switched off."""
    return request if merchant.send_refund_id else replace(request, refund_id=None)


def merchant_named(name: str) -> MerchantSettings:
    """The merchant of that name. Raises InvalidRequest where the settings have none."""
    if name not in app_settings.merchants:
        words = _("The settings have no merchant “%(name)s”.") % {"name": name}
        raise InvalidRequest(words, fields={"merchant": ("unknown_merchant", words)})
    return app_settings.merchants[name]


def prepare(
    target: Target,
    *,
    description: str | None,
    refund_id: str | None,
    merchant: str,
    requester: Requester,
    source: str,
    facts: dict[str, Any],
    http_request: HttpRequest | None = None,
) -> Wish:
    """Look through what is asked for before anything is written. Raises InvalidRequest."""
    settings = merchant_named(merchant)
    refund = refund_id if refund_id is not None else target.refund_id
    request = checked_request(
        sub_mchid=target.sub_mchid,
        transaction_id=target.transaction_id,
        refund_id=refund,
        description=description or target.description,
    )
    return Wish(
        merchant=settings,
        request=as_sent(request, merchant=settings),
        refund_id=refund or "",
        requester=requester,
        source=source,
        refund_id_given=refund_id is not None,
        description_given=description is not None,
        order_facts=facts,
        http_request=http_request,
    )


def order_facts(adapter: OrderAdapter, order: Any, target: Target) -> dict[str, Any]:
    """What a cancellation keeps of the order, as it is now.

    Raises InvalidRequest for a scope that cannot be kept whole: a shorter one may be another's; and
    NotEligible with the code `adapter_error` where the shop's code fails.
    """
    with the_shops_code("read the scope of the order", order.pk):
        scope = str(adapter.scope(order) or "")
    if storable(scope, limit=SCOPE_LENGTH) != scope:
        words = _(
            "The order's scope “%(scope)s” cannot be stored: at most %(limit)d characters."
        ) % {
            "scope": storable(scope, limit=80),
            "limit": SCOPE_LENGTH,
        }
        raise InvalidRequest(words, fields={"scope": ("too_long", words)})
    return {
        "order_model": concrete(adapter.model)._meta.label,
        "order_pk": str(order.pk),
        "order_reference": storable(target.reference, limit=128),
        "scope": scope,
        "paid_amount": target.paid_amount,
        "refunded_amount": target.refunded_amount,
        "subsidy_amount": target.subsidy_amount,
    }
