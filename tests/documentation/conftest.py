from collections.abc import Iterator

import pytest

from .shop import Shop, shop_of_five_minutes


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """The shop of the README's five minutes, with the sandbox; not reset between tests."""
    for package in ("cheroot", "rest_framework"):  # installed by its first step
        pytest.importorskip(package)
    with shop_of_five_minutes(Shop(tmp_path_factory.mktemp("shop"))) as made:
        yield made
