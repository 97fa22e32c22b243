from django.http import HttpRequest, HttpResponse, JsonResponse

from wechat_subsidies import services

from .models import Sale


def cancel(request: HttpRequest, number: str) -> HttpResponse:
    row = services.cancel_subsidy_for_order(Sale.objects.get(number=number))
    return JsonResponse({"status": row.status})


def cancel_and_break(request: HttpRequest, number: str) -> HttpResponse:
    cancel(request, number)
    raise ZeroDivisionError
