from django.contrib.admin.views.decorators import staff_member_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from wechat_subsidies import services

from .models import Purchase


@staff_member_required
@require_POST
def cancel_all(request: HttpRequest) -> HttpResponse:
    """Draft a batch of every refunded purchase, and go on to its preview."""
    refunded = Purchase.objects.filter(was_refunded=True)
    return redirect(services.draft_batch(refunded, requested_by=request.user))
