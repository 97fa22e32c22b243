"""Whether what belongs to an order is read where the order is."""

from collections.abc import Iterator

from django.core.checks import CheckMessage
from django.db import models, router

from .messages import warning


def replica_warnings(path: str, model: type[models.Model]) -> Iterator[CheckMessage]:
    """Routers that send the relations of an order to a replica, though it was read where it is written."""
    written = router.db_for_write(model)
    order = model()
    order._state.db = written
    read = router.db_for_read(model, instance=order)
    if read != written:
        words = f"reads what belongs to an order of “{written}” from “{read}”, which may be behind."
        hint = (
            "Orders are decided on as they are where they are written. Have the router's db_for_read() "
            "return hints['instance']._state.db where there is an instance, so that its relations are "
            "read there, too."
        )
        yield warning(path, words, hint=hint, number=219)
