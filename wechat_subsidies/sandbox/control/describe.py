"""What the control API shows, as JSON objects."""

from dataclasses import asdict
from typing import Any

from wechat_subsidies.sandbox.ledger import LedgerEntry
from wechat_subsidies.sandbox.merchants import Merchant
from wechat_subsidies.sandbox.orders import Order
from wechat_subsidies.sandbox.plan import PlannedFault
from wechat_subsidies.sandbox.world import World


def entry(given: LedgerEntry) -> dict[str, Any]:
    """Describe a request: the fields of LedgerEntry, the body as text."""
    return _present(asdict(given) | {"body": given.body.decode(errors="replace")})


def order(given: Order) -> dict[str, Any]:
    """Describe an order: what `add_order` takes, and what cancelled it."""
    return _present(asdict(given) | {"cancellation": _cancellation(given)})


def fault(given: PlannedFault) -> dict[str, Any]:
    """Describe a planned fault: what `faults.add` takes, its number, what it means."""
    return _present(
        {
            "number": given.number,
            "name": given.fault.name,
            "meaning": given.fault.meaning,
            "done": given.fault.done,
            "seconds": given.patience.seconds,
            "transaction_id": given.transaction_id,
            "path": given.path,
            "times": given.times,
            "share": given.share,
        }
    )


def merchant(given: Merchant) -> dict[str, Any]:
    """Describe a merchant, without a secret."""
    return _present(
        {
            "mchid": given.mchid,
            "serial_no": given.serial_no,
            "key_mode": given.key_mode,
            "certificate_pem": given.certificate_pem,
        }
    )


def keys(world: World) -> dict[str, Any]:
    """Describe WeChat Pay's keys: the public halves, the newest certificate last."""
    return {
        "sign_with": world.signing_with,
        "public_key_id": world.public_key_id,
        "public_key_pem": world.public_key_pem,
        "certificates": [
            {"serial_no": serial_no, "certificate_pem": pem}
            for serial_no, pem in world.certificates.items()
        ],
    }


def switches(world: World) -> dict[str, Any]:
    """Describe what may be switched."""
    limits = world.rate_limits
    return {
        "repeat": world.repeat,
        "create_orders": world.create_orders,
        "sign_with": world.signing_with,
        "rate_limits": {
            "enabled": limits.enabled,
            "per_caller": limits.per_caller,
            "per_sub_merchant": limits.per_sub_merchant,
            "per_order": limits.per_order,
        },
    }


def _cancellation(given: Order) -> dict[str, Any] | None:
    return _present(asdict(given.cancellation)) if given.cancellation else None


def _present(facts: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in facts.items() if value is not None}
