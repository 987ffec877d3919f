"""Colleagues are invited, disabled, helped."""

import io
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from newsroom.accounts.models import User
from newsroom.staff import second_factor
from tests.factories import make_user


def staff(*words: str) -> str:
    said = io.StringIO()
    call_command("staff", *words, stdout=said)
    return said.getvalue()


def test_a_colleague_is_invited_and_chooses_their_password(
    client: Client, site: Any, committing: Any, inbox: Any
) -> None:
    with committing():
        said = staff("invite", "heron", "--role", "Finance", "--email", "irena@example.org")
    assert "irena" not in said
    user = User.objects.get(username="heron")
    assert not user.has_usable_password() and user.groups.get().name == "Finance"
    [mail] = inbox.to("irena@example.org")
    assert "sign in as “heron”" in " ".join(mail["text"].split())
    [link] = [word for word in mail["text"].split() if "/password_reset/confirm/" in word]
    page = client.get("/" + link.split("/", 3)[3], follow=True)
    new = {"new_password1": "quite a long one 7", "new_password2": "quite a long one 7"}
    client.post(page.redirect_chain[-1][0], new)
    fields = {"username": "heron", "password": "quite a long one 7"}
    assert client.post("/admin/login/", fields)["Location"] == "/admin/"
    assert client.get("/admin/")["Location"] == "/admin/security/"


def test_invited_twice_is_one_account(site: Any) -> None:
    staff("invite", "heron", "--role", "Finance", "--email", "irena@example.org")
    staff("invite", "heron", "--role", "Editors", "--email", "Irena@example.org")
    assert {group.name for group in User.objects.get().groups.all()} == {"Finance", "Editors"}
    with pytest.raises(CommandError, match="somebody else’s login"):
        staff("invite", "heron", "--role", "Editors", "--email", "another@example.org")
    assert User.objects.count() == 1


def test_who_comes_back_is_who_they_are_invited_as(site: Any) -> None:
    admin = make_user(None, username="heron", email="irena@example.org", password="an old one 7 8")
    second_factor.new_codes(admin)
    staff("disable", "heron")
    staff("invite", "heron", "--role", "Editors", "--email", "irena@example.org")
    again = User.objects.get()
    assert not again.is_superuser and not again.has_usable_password() and again.is_active
    assert [group.name for group in again.groups.all()] == ["Editors"]
    assert not again.second_factors.exists()


@pytest.mark.parametrize(
    ("login", "email"),
    [("heron", "no address"), ("a b", "a@example.org"), ("a@example.org", "a@example.org")],
)
def test_what_is_no_login_or_no_address_is_said(db: None, login: str, email: str) -> None:
    with pytest.raises(CommandError):
        staff("invite", login, "--role", "Editors", "--email", email)
    assert not User.objects.exists()


def test_a_disabled_colleague_is_out_at_once(client: Client, site: Any) -> None:
    user = make_user("Editors", password="quite a long one 7")
    client.force_login(user)
    assert client.get("/admin/").status_code == 200
    staff("disable", user.username)
    assert client.get("/admin/").status_code == 302
    fields = {"username": user.username, "password": "quite a long one 7"}
    assert client.post("/admin/login/", fields).status_code == 200
    assert not user.sessions.exists()
    with pytest.raises(CommandError, match="Nobody"):
        staff("disable", "nobody-here")


def test_who_has_lost_phone_and_codes_sets_up_another(client: Client, site: Any) -> None:
    user = make_user("Editors", demo=False, password="quite a long one 7")
    second_factor.new_codes(user)
    client.force_login(user)
    staff("forget-factors", user.username)
    assert client.get("/admin/").status_code == 302
    fields = {"username": user.username, "password": "quite a long one 7"}
    assert client.post("/admin/login/", fields)["Location"] == "/admin/"
    assert client.get("/admin/")["Location"] == "/admin/security/"


def test_who_is_added_in_the_admin_gets_a_mail(
    client: Client, site: Any, committing: Any, inbox: Any
) -> None:
    client.force_login(make_user(None))
    assert "password" not in client.get("/admin/users/new/").context["form"].fields
    fields = {
        "username": "heron",
        "email": "crane@example.org",
        "first_name": "I",
        "last_name": "V",
    }
    with committing():
        client.post("/admin/users/new/", fields)
    [mail] = inbox.to("crane@example.org")
    assert mail["subject"] == "Your account in the newsroom’s admin"
    again = client.post("/admin/users/new/", fields | {"username": "crane"})
    assert "Somebody else has this address" in again.content.decode()
