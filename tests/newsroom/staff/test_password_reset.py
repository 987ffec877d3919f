import re
from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth import get_user_model
from django.utils import timezone

from newsroom.models import TransactionalMail
from tests.factories import make_user

URL = "/admin/password_reset/"
pytestmark = pytest.mark.usefixtures("site", "mail_sandbox")


@pytest.fixture
def colleague():
    user = make_user("Editors")
    user.email = f"colleague.{user.username}@example.org"
    user.set_password("an old password")
    user.save()
    return user


def test_colleague_chooses_a_new_password_by_a_mailed_link(
    client, committing, inbox, colleague
) -> None:
    with committing():
        answer = client.post(URL, {"email": colleague.email.upper()}, follow=True)
    assert answer.status_code == 200 and "email" in answer.text
    [mail] = inbox.to(colleague.email)
    [link] = [word for word in mail["text"].split() if "/password_reset/confirm/" in word]
    page = client.get("/" + link.split("/", 3)[3], follow=True)
    new = {"new_password1": "quite another one 7", "new_password2": "quite another one 7"}
    client.post(page.redirect_chain[-1][0], new)
    assert get_user_model().objects.get().check_password("quite another one 7")


def test_stranger_causes_three_mails_a_week_and_learns_nothing(
    client, committing, inbox, colleague
) -> None:
    answers = []
    for hour in range(6):
        with time_machine.travel(timezone.now() + timedelta(hours=hour), tick=False):
            for address in (colleague.email, "stranger@example.org"):
                with committing():
                    answer = client.post(URL, {"email": address}, follow=True)
                answers.append(re.findall("<p>.*</p>", answer.text))
    assert answers[0]
    assert all(answer == answers[0] for answer in answers)
    assert TransactionalMail.objects.filter(purpose="password_reset").count() == 3
    assert inbox.to("stranger@example.org") == []


def test_one_network_asks_ten_times(client, colleague) -> None:
    answers = [client.post(URL, {"email": f"a{n}@example.org"}).status_code for n in range(12)]
    assert answers == [302] * 10 + [429] * 2
