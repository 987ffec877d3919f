from collections.abc import Iterator

import pytest

from tests.product import Product, running


@pytest.fixture(scope="session")
def product() -> Iterator[Product]:
    with running("faults") as product:
        yield product
