"""What is written to the log: one line for each call and for each change of a state.

`event key=value …`, the same facts as a dict in the record's `subsidies` for those who log JSON.
Nothing of it is secret: identifiers, states, codes and times.
"""

import json
import logging
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from .models import SubsidyCancellation

logger: Final = logging.getLogger("wechat_subsidies")


def write(event: str, **facts: Any) -> None:
    """Write a line; facts that are None or empty are left out."""
    if not logger.isEnabledFor(logging.INFO):
        return
    kept = {name: value for name, value in facts.items() if value not in {None, ""}}
    words = " ".join(f"{name}={plain(value)}" for name, value in kept.items())
    logger.info("%s %s", event, words, extra={"subsidies": {"event": event, **kept}})


def changed(cancellation: "SubsidyCancellation", *, status: str, **facts: Any) -> None:
    """Write that a cancellation has come into a state."""
    write(
        "changed",
        cancellation=cancellation.pk,
        transaction_id=cancellation.transaction_id,
        status=status,
        **facts,
    )


def plain(value: Any) -> str:
    """A value without anything that would end its line or its place in it."""
    text = str(value)
    is_plain = text.isprintable() and not set(text) & {" ", '"', "="}
    return text if is_plain else json.dumps(text)
