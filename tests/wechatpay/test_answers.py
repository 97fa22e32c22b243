"""An answer as it came."""

import pytest

from .samples import answer_of


@pytest.mark.parametrize(
    ("status", "is_2xx"), [(199, False), (200, True), (202, True), (299, True), (300, False)]
)
def test_what_says_that_something_went_well_is_a_2xx(status: int, is_2xx: bool) -> None:
    assert answer_of(status=status).is_2xx is is_2xx
