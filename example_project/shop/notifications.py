"""WeChat Pay tells the shop that a refund has succeeded."""

import json

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from wechat_subsidies.exceptions import NotEligible
from wechat_subsidies.services import cancel_subsidy_for_order

from .models import Order, Refund


@csrf_exempt
@require_POST
def refund_notified(request: HttpRequest) -> HttpResponse:
    """Record the refund, and ask for the cancellation without waiting for WeChat Pay.

    A real shop verifies the notification's signature and decrypts its `resource` first.
    """
    refund = json.loads(request.body)
    order = get_object_or_404(Order, wechat_transaction_id=refund["transaction_id"])
    Refund.objects.get_or_create(
        refund_id=refund["refund_id"],
        defaults={"order": order, "fen": refund["amount"]["refund"]},
    )
    try:
        cancel_subsidy_for_order(order, send="later")
    except NotEligible:
        pass  # partly refunded, or without a subsidy: staff decide
    return HttpResponse(status=204)
