import pytest


@pytest.fixture(autouse=True)
def _indexed(indexed: None) -> None:
    """Here search finds what is saved."""
