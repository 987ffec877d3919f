"""Signing in, with a second factor and without one."""

import time
from typing import Any

import pytest
import time_machine
from django.test import Client

from newsroom.accounts.models import StaffSession
from newsroom.staff import second_factor
from tests.factories import make_user
from tests.newsroom.staff.test_second_factor import code_of, with_app

pytestmark = pytest.mark.costly

PASSWORD = "quite a long one 7"


def log_in(client: Client, user: Any, password: str = PASSWORD, **more: Any) -> Any:
    fields = {"username": user.username, "password": password, "next": "/admin/pages/"} | more
    return client.post("/admin/login/", fields)


@pytest.fixture
def colleague(db: None) -> Any:
    return make_user(demo=False, password=PASSWORD)


def test_without_a_second_factor_nothing_opens_but_its_page(client: Client, colleague: Any) -> None:
    assert log_in(client, colleague)["Location"] == "/admin/pages/"
    for path in ("/admin/", "/admin/pages/", "/admin/account/", "/admin/newsletters/"):
        assert client.get(path)["Location"] == "/admin/security/"
    assert client.post("/admin/pages/2/edit/")["Location"] == "/admin/security/"
    assert "set up a second factor" in client.get("/admin/security/").content.decode()


def test_a_demo_login_works_without(db: None, client: Client) -> None:
    client.force_login(make_user(demo=True))
    assert client.get("/admin/").status_code == 200
    assert "login of the demo" in client.get("/admin/security/").text


def test_setting_up_an_app_opens_the_admin_and_shows_codes_once(
    client: Client, colleague: Any, committing: Any, inbox: Any
) -> None:
    elsewhere = Client()
    log_in(elsewhere, colleague)
    log_in(client, colleague)
    assert client.post("/admin/security/", {"do": "app"})["Location"] == "/admin/security/app/"
    key = client.get("/admin/security/app/").context["key"]
    wrong = client.post("/admin/security/app/", {"code": "abc"})
    assert wrong.status_code == 422 and "another code" in wrong.content.decode()
    with committing():
        page = client.post("/admin/security/app/", {"code": code_of(key)})
    codes = page.context["new_codes"]
    assert len(codes) == 10 and codes[0] in page.content.decode()
    assert codes[0] not in client.get("/admin/security/").content.decode()
    assert client.get("/admin/").status_code == 200
    assert StaffSession.objects.filter(user=colleague).count() == 1  # not elsewhere
    assert inbox.to(colleague.email)[0]["subject"] == "How you sign in has changed"


def test_a_password_alone_signs_nobody_in_who_has_a_second_factor(
    client: Client, colleague: Any
) -> None:
    with time_machine.travel(time.time(), tick=False) as clock:
        key = with_app(colleague)
        clock.shift(60)
        assert log_in(client, colleague)["Location"] == "/admin/login/code/"
        assert "/login/" in client.get("/admin/")["Location"]
        assert client.post("/admin/login/code/", {"code": "000000"}).status_code == 403
        answer = client.post("/admin/login/code/", {"code": code_of(key)})
        assert answer["Location"] == "/admin/pages/"
        assert client.get("/admin/").status_code == 200


def test_the_code_must_follow_the_password_within_ten_minutes(
    client: Client, colleague: Any
) -> None:
    [code, *_] = second_factor.new_codes(colleague)
    assert client.post("/admin/login/code/", {"code": code})["Location"] == "/admin/login/"
    log_in(client, colleague)
    with time_machine.travel(time.time() + 601):
        assert client.post("/admin/login/code/", {"code": code})["Location"] == "/admin/login/"
    assert second_factor.codes_left(colleague) == 10


def test_who_was_disabled_meanwhile_does_not_get_in(client: Client, colleague: Any) -> None:
    [code, *_] = second_factor.new_codes(colleague)
    log_in(client, colleague)
    colleague.is_active = False
    colleague.save()
    assert client.post("/admin/login/code/", {"code": code})["Location"] == "/admin/login/"


@pytest.mark.parametrize("url", ["https://evil.example/", "//evil.example", "javascript:x"])
def test_one_lands_on_our_own_pages(client: Client, colleague: Any, url: str) -> None:
    assert log_in(client, colleague, next=url)["Location"] == "/admin/"


def test_wrong_passwords_lock_strangers_out_and_not_the_colleague(
    client: Client, colleague: Any
) -> None:
    log_in(client, colleague)  # this device is known now
    client.post("/admin/logout/")
    stranger = Client(REMOTE_ADDR="203.0.113.7")
    for _ in range(10):
        assert log_in(stranger, colleague, "guess").status_code == 200
    assert log_in(stranger, colleague, "guess").status_code == 429
    assert log_in(stranger, colleague).status_code == 429  # the right one says nothing
    assert log_in(client, colleague).status_code == 302


def test_a_network_guesses_at_thirty_accounts_at_most(db: None, client: Client) -> None:
    users = [make_user(password=PASSWORD) for _ in range(31)]
    answers = [log_in(client, user, "guess").status_code for user in users]
    assert answers == [200] * 30 + [429]
    assert log_in(Client(REMOTE_ADDR="198.51.100.9"), users[-1]).status_code == 302


def test_right_passwords_are_not_counted(client: Client, colleague: Any) -> None:
    for _ in range(35):
        assert log_in(client, colleague).status_code == 302
        client.post("/admin/logout/")


def test_a_new_device_is_mailed_once_and_never_the_first(
    client: Client, colleague: Any, committing: Any, inbox: Any
) -> None:
    with committing():
        log_in(client, colleague)
    assert inbox.to(colleague.email) == []
    with committing():
        log_in(Client(), colleague)
    [mail] = inbox.to(colleague.email)
    assert mail["subject"] == "Signed in on a new device"
    client.post("/admin/logout/")
    with committing():
        log_in(client, colleague)
    assert len(inbox.to(colleague.email)) == 1


def test_what_can_not_be_taken_back_asks_again_after_a_quarter_of_an_hour(
    client: Client, site: Any
) -> None:
    finance = make_user("Finance", password=PASSWORD)
    client.force_login(finance)
    assert client.get("/admin/contributions/?export=csv").status_code == 200
    with time_machine.travel(time.time() + 901):
        answer = client.get("/admin/contributions/?export=csv")
        assert answer["Location"].startswith("/admin/prove/?next=%2Fadmin%2Fcontributions")
        assert client.get("/admin/contributions/").status_code == 200
        wrong = client.post("/admin/prove/", {"password": "guess"})
        assert wrong.status_code == 403
        next_ = "/admin/contributions/?export=csv"
        right = client.post("/admin/prove/", {"password": PASSWORD, "next": next_})
        assert right["Location"] == next_
        assert client.get(next_).status_code == 200


def test_with_a_second_factor_the_password_proves_nothing(client: Client, colleague: Any) -> None:
    [code, *_] = second_factor.new_codes(colleague)
    client.force_login(colleague)
    session = client.session
    session["second factor"] = colleague.second_factors.get().pk
    session.save()
    assert client.post("/admin/prove/", {"password": PASSWORD}).status_code == 403
    assert client.post("/admin/prove/", {"code": code}).status_code == 302


def test_wagtails_other_door_is_none(client: Client, colleague: Any) -> None:
    fields = {"username": colleague.username, "password": PASSWORD}
    assert client.post("/_util/login/", fields).status_code == 404
    assert "/login/" in client.get("/admin/")["Location"]


def test_a_session_without_the_factor_that_one_has_is_none(client: Client, colleague: Any) -> None:
    client.force_login(colleague)
    with_app(colleague)
    for path in ("/admin/security/", "/admin/security/app/", "/admin/"):
        client.force_login(colleague)
        assert client.get(path)["Location"] == "/admin/login/"
    assert client.post("/admin/security/", {"do": "app"}).status_code == 302
    assert "key of a new app" not in client.session


def test_a_half_done_sign_in_ends_with_the_password(client: Client, colleague: Any) -> None:
    [code, *_] = second_factor.new_codes(colleague)
    log_in(client, colleague)
    colleague.set_password("another one 7 8")
    colleague.save()
    assert client.post("/admin/login/code/", {"code": code})["Location"] == "/admin/login/"


def test_demo_logins_do_not_work_in_production(db: None, client: Client, settings: Any) -> None:
    demo = make_user(demo=True, password=PASSWORD)
    client.force_login(demo)
    settings.PRODUCTION = True
    assert client.get("/admin/security/")["Location"] == "/admin/login/"
    answer = log_in(Client(), demo)
    assert answer.status_code == 200 and "of the demo" in answer.text


@pytest.mark.parametrize("spelled", [" {}", "{}  ", "\u2003{}"])
def test_no_spelling_has_a_count_of_its_own(colleague: Any, spelled: str) -> None:
    for number in range(11):
        stranger = Client(REMOTE_ADDR=f"10.{number}.0.1")
        fields = {"username": spelled.format(colleague.username), "password": "guess"}
        answer = stranger.post("/admin/login/", fields)
    plain = Client(REMOTE_ADDR="10.99.0.1")
    assert answer.status_code == log_in(plain, colleague, "guess").status_code == 429


def test_strangers_in_the_same_network_lock_no_known_device_out(
    client: Client, colleague: Any
) -> None:
    log_in(client, colleague)
    client.post("/admin/logout/")
    for number in range(31):
        fields = {"username": f"nobody{number}", "password": "guess"}
        Client().post("/admin/login/", fields)
    assert log_in(client, colleague).status_code == 302


def test_wrong_codes_of_who_knows_the_password_do_not_lock_the_owner_out(
    client: Client, colleague: Any
) -> None:
    codes = second_factor.new_codes(colleague)
    log_in(client, colleague)
    client.post("/admin/login/code/", {"code": codes[0]})  # this device is known now
    client.post("/admin/logout/")
    thief = Client(REMOTE_ADDR="203.0.113.7")
    log_in(thief, colleague)
    for _ in range(6):
        thief.post("/admin/login/code/", {"code": "wrong"})
    assert "Too many wrong codes" in thief.post("/admin/login/code/", {"code": codes[1]}).text
    log_in(client, colleague)
    assert client.post("/admin/login/code/", {"code": codes[1]}).status_code == 302


def test_nul_in_a_form_of_the_admin_is_refused(client: Client, colleague: Any) -> None:
    fields = {"username": "a\0", "password": "x"}
    assert client.post("/admin/login/", fields).status_code == 400
    client.force_login(make_user())
    assert client.post("/admin/security/", {"do": "end", "session": "a\0"}).status_code == 400
    assert client.get("/admin/bulk/wagtailcore/page/delete/?id=abc").status_code == 404


def test_no_other_method_gets_past_the_log(client: Client, site: Any) -> None:
    client.force_login(make_user(None))
    victim = make_user()
    for method in (client.delete, client.put, client.patch):
        assert method(f"/admin/users/delete/{victim.pk}/").status_code == 405
    assert type(victim).objects.filter(pk=victim.pk).exists()


def test_no_account_is_made_by_copying(client: Client, site: Any) -> None:
    client.force_login(make_user(None))
    assert client.get(f"/admin/users/copy/{make_user().pk}/").status_code == 404


def test_an_open_page_learns_whether_it_is_still_signed_in(client: Client, colleague: Any) -> None:
    """sign_in_again.js asks before it sends what was typed, and needs the token of now."""
    assert client.get("/admin/login/state/").json() == {"token": ""}
    log_in(client, colleague)
    with_app(colleague)  # one step is missing
    assert client.get("/admin/login/state/").status_code == 302
    demo = Client(enforce_csrf_checks=True)
    demo.force_login(make_user(demo=True))
    answer = demo.get("/admin/login/state/")
    assert "no-store" in answer["Cache-Control"]
    token = answer.json()["token"]
    sent = demo.post("/admin/security/", {"csrfmiddlewaretoken": token, "do": "nothing"})
    assert sent.status_code == 400
    StaffSession.objects.all().delete()
    assert demo.get("/admin/login/state/").json() == {"token": ""}


def test_every_page_of_the_admin_can_sign_in_again(client: Client, site: Any) -> None:
    client.force_login(make_user())
    assert 'data-state="/admin/login/state/"' in client.get("/admin/").text
