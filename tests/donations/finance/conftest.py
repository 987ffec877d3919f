from typing import Any

import pytest

from donations.models import Contribution
from tests.donations.conftest import handle
from tests.factories import make_user


@pytest.fixture
def contribution(donor: Any, told: Any) -> Contribution:
    donor.gives("giver@example.org", frequency="once", amount="50")
    handle(told())
    return Contribution.objects.get()


@pytest.fixture
def officer(client: Any) -> Any:
    user = make_user("Finance")
    client.force_login(user)
    return user
