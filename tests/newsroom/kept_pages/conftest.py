import pytest

from tests.newsroom.kept_pages.reader import process


@pytest.fixture
def web(transactional_db):
    with process() as started:
        yield started
