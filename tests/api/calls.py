"""Words for what all tests of the API do."""

from typing import Any

from example_project.shop.models import Order

CANCELLATIONS = "/api/subsidies/cancellations/"


def identifiers(order: Order) -> dict[str, Any]:
    """The body that asks by WeChat Pay's identifiers."""
    return {
        "sub_mchid": order.seller.wechat_mchid,
        "transaction_id": order.wechat_transaction_id,
    }


def codes(response: Any) -> dict[str, list[str]]:
    """The codes of a refusal by field; the refusal's own where there are no fields."""
    refusal = response.json()
    if "fields" not in refusal:
        return {"": [refusal["code"]]}
    return {name: [each["code"] for each in errors] for name, errors in refusal["fields"].items()}
