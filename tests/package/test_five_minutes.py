"""The README's five minutes with what was built: by one who has the wheel and nothing else of ours."""

from collections.abc import Iterator

import pytest

from ..documentation.shop import Shop, shop_of_five_minutes
from ..documentation.test_quick_start import (
    test_cron_sends_what_waits,
    test_it_is_checked_without_a_word_to_say,
    test_staff_and_other_systems_cancel_as_it_says,
)
from . import conftest

__all__ = [
    "test_cron_sends_what_waits",
    "test_it_is_checked_without_a_word_to_say",
    "test_staff_and_other_systems_cancel_as_it_says",
]


@pytest.fixture(scope="module")
def shop(shop: conftest.Shop, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A shop made by the README's words, with the Python that has the wheel."""
    folder = tmp_path_factory.mktemp("five-minutes")
    with shop_of_five_minutes(Shop(folder, python=str(shop.bin / "python"), path=None)) as made:
        yield made


def test_the_package_is_the_wheel(shop: Shop) -> None:
    assert "site-packages" in shop.ask("import wechat_subsidies; print(wechat_subsidies.__file__)")
