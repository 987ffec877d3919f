from collections.abc import Iterator

import pytest

from tests.product import Product, running


@pytest.fixture(scope="package")
def product() -> Iterator[Product]:
    with running("faults") as product:
        yield product
