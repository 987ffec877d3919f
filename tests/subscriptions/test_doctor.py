"""What ``manage.py doctor`` finds among newsletters and their readers."""

from typing import Any

import pytest

from newsroom.core import privacy
from subscriptions import doctor
from tests.factories import make_subscriber
from tests.newsroom.doctor.test_examination import states
from tests.production import key


@pytest.mark.django_db
def test_index_of_another_database_is_found(settings: Any) -> None:
    assert states(doctor.index_finds_readers()) == []
    make_subscriber()
    assert states(doctor.index_finds_readers()) == []
    settings.BLIND_INDEX_KEY = key()
    privacy._index_key.cache_clear()
    try:
        assert states(doctor.index_finds_readers()) == ["wrong"]
    finally:
        privacy._index_key.cache_clear()


@pytest.mark.django_db
def test_what_nobody_takes_up_is_looked_for(site: Any, settings: Any) -> None:
    assert states(doctor.batches_are_taken_up()) == states(doctor.events_are_followed()) == []
    settings.MAIL_SANDBOX, settings.DEFAULT_FROM_EMAIL = "http://127.0.0.1:1", "News <n@a.test>"
    assert states(doctor.senders_are_believed()) == ["unknown"]  # the newsletter's own domain
