from django.http import HttpRequest, HttpResponse, JsonResponse

from wechat_subsidies import services

from .models import Delivery


def cancel(request: HttpRequest, number: str) -> HttpResponse:
    row = services.cancel_subsidy_for_order(Delivery.objects.get(number=number))
    return JsonResponse({"status": row.status})


def cancel_and_break(request: HttpRequest, number: str) -> HttpResponse:
    cancel(request, number)
    raise ZeroDivisionError
