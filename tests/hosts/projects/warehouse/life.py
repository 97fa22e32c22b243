"""What the warehouse's tests have in common."""

from typing import Any

from django.db import router

from ..life import Life
from .models import Delivery, Depot


class Deliveries(Life):
    model = Delivery

    def seller(self) -> dict[str, Any]:
        depots = Depot.objects.using(router.db_for_write(Depot))
        return {"depot": depots.get_or_create(sub_mchid="1900013401")[0]}
