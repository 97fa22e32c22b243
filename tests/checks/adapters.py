"""Adapters with mistakes in them."""

from typing import Any

from django.db.models import Model, QuerySet, Window
from django.db.models.functions import RowNumber

from example_project.shop.models import Order, Refund
from wechat_subsidies.dispatch import Dispatcher, Problem
from wechat_subsidies.orders import OrderAdapter


class Whole(OrderAdapter):
    model = Order

    def targets(self, order: Any) -> Any:
        return []

    def find(self, **identifiers: Any) -> Any:
        return None


class WithoutFind(Whole):
    find = OrderAdapter.find


class WithoutTargets(Whole):
    targets = OrderAdapter.targets


class NeedsAnArgument(Whole):
    def __init__(self, shop: str) -> None:
        self.shop = shop


class OtherModelsQueryset(Whole):
    def get_queryset(self, request: object = None) -> Any:
        return Refund.objects.all()


class AbstractModel(Whole):
    model = Model


class Incomplete(Dispatcher):
    """Lacks both of its methods."""


class Complete(Dispatcher):
    """Does nothing, and has nothing amiss."""

    def send(self, keys: object) -> None:
        pass

    def work_on(self, batch_pk: object) -> None:
        pass


class NeedsAQueue(Complete):
    def __init__(self, queue: str) -> None:
        self.queue = queue


class CannotSayWhatIsAmiss(Complete):
    def problem(self) -> Any:
        return {}["broker"]


class HasNoWorkers(Complete):
    def problem(self) -> Any:
        return Problem(words="has no workers.", hint="Hire some.")


class SaysItInOtherWords(Complete):
    def problem(self) -> Any:
        return "the broker is down"


SCOPES = "no function"


def of_another_model(request: object) -> Any:
    return Refund.objects.all()


def sliced(request: object) -> Any:
    return Order.objects.all()[:5]


def newest_of_each_seller(request: object) -> Any:
    place = Window(RowNumber(), partition_by="seller", order_by="-pk")
    return Order.objects.annotate(place=place).filter(place=1)


def without_the_seller(request: object) -> Any:
    return Order.objects.only("number")


def nothing(request: object) -> Any:
    return Order.objects.none()


def no_queryset(request: object) -> Any:
    return ["order"]


def without_a_model(request: object) -> Any:
    return QuerySet()
