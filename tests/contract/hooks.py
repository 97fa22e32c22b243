"""What Schemathesis cannot know: that a cursor comes from a page, and which keys there are."""

from typing import Any

import schemathesis

KEYS = 8  # as many cancellations, and batches, as there soon are


@schemathesis.hook
def before_load_schema(context: Any, raw_schema: dict[str, Any]) -> None:
    """Lists without their cursors: one that is made up is refused, and the list with it."""
    for methods in raw_schema["paths"].values():
        for operation in methods.values():
            parameters = operation.get("parameters", [])
            operation["parameters"] = [each for each in parameters if each["name"] != "cursor"]


@schemathesis.hook
def map_path_parameters(context: Any, path_parameters: Any) -> Any:
    """Mostly keys that there are."""
    key = (path_parameters or {}).get("id")
    if isinstance(key, int) and not isinstance(key, bool) and key > 0 and key % 5:
        path_parameters["id"] = key % KEYS + 1
    return path_parameters
