"""WeChat Pay tells the shop what became of a refund."""

import json
from contextlib import suppress

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
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
    told = json.loads(request.body)
    order = get_object_or_404(Order, wechat_transaction_id=told["transaction_id"])
    is_successful = told["refund_status"] == "SUCCESS"
    refund = {
        "order": order,
        "fen": told["amount"]["refund"],
        "is_successful": is_successful,
        "refunded_at": timezone.now(),
    }
    Refund.objects.update_or_create(refund_id=told["refund_id"], defaults=refund)
    with suppress(NotEligible):  # such as a partly refunded order, which is for staff to decide
        cancel_subsidy_for_order(order, send="later")
    return HttpResponse(status=204)
