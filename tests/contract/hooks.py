"""What Schemathesis cannot know: which keys there are, and that a cursor comes from a page."""

from typing import Any

import schemathesis

KEYS = 8  # as many cancellations, and batches, as there soon are


@schemathesis.hook
def map_path_parameters(context: Any, path_parameters: Any) -> Any:
    """Mostly keys that there are."""
    key = (path_parameters or {}).get("id")
    if isinstance(key, int) and not isinstance(key, bool) and key % 5:
        path_parameters["id"] = key % KEYS + 1
    return path_parameters


@schemathesis.hook
def map_query(context: Any, query: Any) -> Any:
    """The first page, with few conditions at a time: what is made up is no cursor, and many find nothing."""
    if not query:
        return query
    kept = sorted(name for name in query if name != "cursor")[:3]
    return {name: query[name] for name in kept}
