"""The doctor visits the product after all that was done to it."""

import json

import pytest

from tests.product import Product


@pytest.mark.rare
def test_what_was_killed_and_started_again_is_well(product: Product) -> None:
    """Within a minute of its start the beat's jobs have come through."""
    product.until(lambda: product.manage("doctor").returncode == 0, 180)
    found = json.loads(product.manage("doctor", "--json").stdout)
    states = {one["check"]: one["state"] for one in found}
    for label in (
        *("The way in", "Stripe's way in", "The mail provider's way in", "Stripe's webhook"),
        *("Beat and workers", "Roles of staff", "Address of the site", "Index of readers"),
    ):
        assert states[label] == "ok", found
