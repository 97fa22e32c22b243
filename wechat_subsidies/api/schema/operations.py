"""What each view does."""

from collections.abc import Mapping
from typing import Any, Final

from drf_spectacular.extensions import OpenApiViewExtension
from drf_spectacular.utils import OpenApiResponse, extend_schema_view

from .. import bodies, filters
from ..serializers import BatchItemSerializer, BatchSerializer, CancellationSerializer
from . import examples
from .answers import DescribedPages, example, listed, posted, shown
from .components import BatchWithItemsSerializer

DECISIONS: Final = "wechat_subsidies.api.decisions."
BATCHES: Final = "wechat_subsidies.api.batches."
VIEWS: Final = "wechat_subsidies.api.views."

ASKING: Final = (
    "Safe to repeat: one transaction has one cancellation. 201: recorded and finished, whatever came "
    "of it; 202: recorded, now or before, and not finished; 200: was there before, and is finished."
)
MANY: Final = (
    "`orders` are keys of orders, of which each transaction is an item; `items` are bodies of single "
    "cancellations, each one item. With `draft` nothing is asked for before it is confirmed. What speaks "
    "against an item is in its `code`, and the others go on: 202 also where nothing is left to ask for."
)
OPERATIONS: Final[Mapping[str, Mapping[str, Any]]] = {
    f"{VIEWS}CancellationList": {
        "get": listed(
            CancellationSerializer,
            name="subsidies_cancellations_list",
            summary="The cancellations, the newest first",
            wanted=filters.CancellationFilters,
        ),
        "post": posted(
            bodies.NewCancellationSerializer,
            {
                201: OpenApiResponse(CancellationSerializer, description="Recorded and finished."),
                202: OpenApiResponse(CancellationSerializer, description="Not finished."),
                200: OpenApiResponse(CancellationSerializer, description="Was there before."),
            },
            name="subsidies_cancellations_create",
            summary="Ask for the cancellation of one order's subsidy",
            description=ASKING,
            given=[
                example(examples.REQUEST, name="by transaction"),
                example({"order": "42", "partial": True}, name="by order"),
                example({"order_reference": "SC1004"}, name="by reference"),
                example(examples.CANCELLATION, of=201),
                example(examples.WAITING, of=202),
                example(examples.CANCELLATION, of=200),
            ],
            of_one=False,
        ),
    },
    f"{VIEWS}CancellationDetail": {
        "get": shown(
            CancellationSerializer,
            name="subsidies_cancellations_retrieve",
            summary="One cancellation",
            value=examples.CANCELLATION,
        )
    },
    f"{DECISIONS}Retry": {
        "post": posted(
            bodies.RetrySerializer,
            {200: CancellationSerializer, 202: CancellationSerializer},
            name="subsidies_cancellations_retry",
            summary="Send a refused one again, or one that needs review",
            given=[
                example({"description": "订单退款"}, name="corrected"),
                example(examples.WAITING, of=202),
            ],
        )
    },
    f"{DECISIONS}Withdraw": {
        "post": posted(
            bodies.WithdrawSerializer,
            {200: CancellationSerializer},
            name="subsidies_cancellations_withdraw",
            summary="Take back what waits and was certainly not carried out",
            given=[example({"note": "误操作"}, name="with a note")],
        )
    },
    f"{DECISIONS}Resolve": {
        "post": posted(
            bodies.ResolveSerializer,
            {200: CancellationSerializer},
            name="subsidies_cancellations_resolve",
            summary="State what a person has seen in WeChat Pay's merchant platform",
            given=[example({"succeeded": True, "note": "商户平台显示已取消"}, name="seen")],
        )
    },
    f"{BATCHES}BatchList": {
        "get": listed(
            BatchSerializer,
            name="subsidies_batches_list",
            summary="The batches, the newest first",
            wanted=filters.BatchFilters,
        ),
        "post": posted(
            bodies.NewBatchSerializer,
            {202: BatchWithItemsSerializer},
            name="subsidies_batches_create",
            summary="Ask for many at once, or draft it",
            description=MANY,
            given=[
                example(examples.ORDERS, name="orders"),
                example(examples.ITEMS, name="items"),
                example(examples.BATCH | {"items": [examples.ITEM, examples.REFUSED_ITEM]}, of=202),
            ],
            of_one=False,
        ),
    },
    f"{BATCHES}BatchDetail": {
        "get": shown(
            BatchSerializer,
            name="subsidies_batches_retrieve",
            summary="One batch, and how it stands in numbers",
            value=examples.BATCH,
        )
    },
    f"{BATCHES}BatchItems": {
        "get": listed(
            BatchItemSerializer,
            name="subsidies_batches_items",
            summary="What became of each item of a batch",
            wanted=filters.ItemFilters,
            of_one=True,
        )
    },
    f"{BATCHES}ConfirmBatch": {
        "post": posted(
            bodies.ConfirmSerializer,
            {200: BatchSerializer, 202: BatchSerializer},
            name="subsidies_batches_confirm",
            summary="Confirm a draft: from here on it is frozen and asked for",
            given=[
                example({"ticked_items": [1]}, name="with an explicit yes to one item"),
                example(examples.BATCH, of=202),
            ],
        )
    },
    f"{BATCHES}StopBatch": {
        "post": posted(
            bodies.StopSerializer,
            {200: BatchSerializer, 202: BatchSerializer},
            name="subsidies_batches_stop",
            summary="Stop a batch: nothing more is asked for, what waits is withdrawn",
            given=[example({"note": "选错了订单"}, name="with the reason")],
        )
    },
}


def describe(view: str, operations: Mapping[str, Any]) -> None:
    """Have drf-spectacular know what a view of ours does."""

    class Described(OpenApiViewExtension):  # type: ignore[no-untyped-call]
        target_class = view

        def view_replacement(self) -> Any:
            """The view, described; the one that is served is left as it is."""
            changed = {"__doc__": self.target.__doc__, "pagination_class": DescribedPages}
            same = type(self.target.__name__, (self.target,), changed)
            return extend_schema_view(**operations)(same)


for name, operations in OPERATIONS.items():
    describe(name, operations)
