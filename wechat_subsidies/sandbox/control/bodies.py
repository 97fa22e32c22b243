"""What callers of the control API send: JSON objects whose names are those of Sandbox's methods."""

import difflib
import json
from collections.abc import Mapping
from typing import Any

from wechat_subsidies.sandbox.messages import RefusalError, Request, error
from wechat_subsidies.sandbox.orders import Refund

# The kinds of value that a name takes, as JSON has them.
TEXT = (str,)
WHOLE = (int,)
NUMBER = (int, float)
YES_OR_NO = (bool,)
LIST = (list,)
OBJECT = (dict,)
Shape = Mapping[str, tuple[type, ...]]


def read_object(
    request: Request, shape: Shape, *, required: tuple[str, ...] = ()
) -> dict[str, Any]:
    """Return what the body gives, without what is null; an empty body gives nothing.

    Raises RefusalError (400) for another content type, for what is no JSON object, and for names
    and kinds of value that are not of the shape.
    """
    content = checked(_content(request), shape)
    missing = [name for name in required if name not in content]
    if missing:
        raise bad_body(f"Missing: {', '.join(missing)}.")
    return content


def checked(content: Mapping[str, Any], shape: Shape) -> dict[str, Any]:
    """Return what is not null. Raises RefusalError (400) unless all of it is of the shape."""
    for name, value in content.items():
        if name not in shape:
            near = difflib.get_close_matches(name, shape, n=1)
            hint = f"did you mean {near[0]}?" if near else f"there is {', '.join(shape)}."
            raise bad_body(f"There is no {name!r}; {hint}")
        if value is not None and not _is_of_kind(value, shape[name]):
            kinds = " or ".join(kind.__name__ for kind in shape[name])
            raise bad_body(f"{name} is {value!r:.80} and must be {kinds}.")
    return {name: value for name, value in content.items() if value is not None}


def read_refunds(given: list[Any]) -> list[str | Refund]:
    """Return refund ids and refunds as `add_order` takes them."""
    return [_refund(refund) for refund in given]


def bad_body(message: str) -> RefusalError:
    """Return a 400 to raise."""
    return RefusalError(error(400, "PARAM_ERROR", message))


def _refund(given: Any) -> str | Refund:
    if isinstance(given, dict):
        facts = checked(given, {"refund_id": TEXT, "status": TEXT, "amount": WHOLE})
        if "refund_id" in facts:
            return Refund(**facts)
    elif isinstance(given, str):
        return given
    raise bad_body("refunds holds refund ids, or objects with refund_id, status and amount.")


def _content(request: Request) -> dict[str, Any]:
    if not request.body:
        return {}
    if request.header("Content-Type").partition(";")[0].strip() != "application/json":
        raise bad_body("The Content-Type must be application/json.")
    try:
        content = json.loads(request.body)
    except (ValueError, RecursionError) as problem:
        raise bad_body(f"The body is not well-formed JSON: {problem}") from problem
    if not isinstance(content, dict):
        raise bad_body("The body is JSON, but not an object.")
    return content


def _is_of_kind(value: Any, kinds: tuple[type, ...]) -> bool:
    # In Python True is an int, in JSON it is none.
    return isinstance(value, kinds) and (bool in kinds or not isinstance(value, bool))
