"""The log of who looked, exported and changed: it only grows, and what was done to it shows."""

import time
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.test import Client
from hypothesis import given, settings
from hypothesis import strategies as st

from newsroom import tasks
from newsroom.accounts import audit
from newsroom.accounts.models import AuditEntry
from tests.factories import make_user


def said() -> list[tuple[str, str]]:
    return list(AuditEntry.objects.order_by("pk").values_list("who", "what"))


def unguarded(sql: str, *args: Any) -> None:
    """As somebody who owns the database could."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE accounts_auditentry DISABLE TRIGGER audit_log_only_grows")
        cursor.execute(sql, args)
        cursor.execute("ALTER TABLE accounts_auditentry ENABLE TRIGGER audit_log_only_grows")


def test_no_entry_is_changed_or_deleted(db: None) -> None:
    audit.record("heron", "looked")
    entries = AuditEntry.objects.all()
    for do in (lambda: entries.update(who="another"), entries.delete, entries.get().delete):
        with pytest.raises(DatabaseError, match="only grows"), transaction.atomic():
            do()
    assert audit.verify().entries == 1


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE accounts_auditentry SET who = 'another' WHERE id = %s",
        "UPDATE accounts_auditentry SET at = at + interval '1 second' WHERE id = %s",
        "why",  # may be sealed anew, with the words it has
        "DELETE FROM accounts_auditentry WHERE id = %s",
        "UPDATE accounts_auditentry SET id = id + 1000 WHERE id = %s",
    ],
)
def test_what_was_done_behind_its_back_shows(db: None, sql: str) -> None:
    for number in range(5):
        audit.record("heron", f"looked {number}")
    call_command("audit", "verify")
    middle = AuditEntry.objects.order_by("pk")[2]
    unguarded(sql, middle.pk) if "why" not in sql else middle.__class__.objects.filter(
        pk=middle.pk
    ).update(why="x")
    with pytest.raises(CommandError, match="does not follow"):
        call_command("audit", "verify")


def test_the_head_is_logged_each_day_and_what_is_wrong(db: None, caplog: Any) -> None:
    audit.record("heron", "looked")
    with caplog.at_level("INFO"):
        tasks.verify_audit_log()
    assert f"1 entries, head {audit.verify().head}" in caplog.text
    unguarded("UPDATE accounts_auditentry SET who = 'another' WHERE id > %s", 0)
    tasks.verify_audit_log()
    assert "does not follow" in caplog.text


def test_an_end_that_was_cut_off_shows_by_a_head_noted_before(db: None) -> None:
    for number in range(3):
        audit.record("heron", f"looked {number}")
    head = audit.verify().head
    audit.record("heron", "looked later")
    call_command("audit", "verify", "--head", head)
    unguarded("DELETE FROM accounts_auditentry WHERE chain = %s OR what = 'looked later'", head)
    call_command("audit", "verify")
    with pytest.raises(CommandError, match="cut off"):
        call_command("audit", "verify", "--head", head)


@settings(max_examples=50)
@given(one=st.text(max_size=20), two=st.text(max_size=20), three=st.text(max_size=20))
def test_no_two_entries_that_differ_have_one_hash(one: str, two: str, three: str) -> None:
    entry = AuditEntry(at=audit.timezone.now(), who=one, what=two, row=three)
    other = AuditEntry(at=entry.at, who=one + two, what="", row=three)
    if (one, two) != (one + two, ""):
        assert audit.follows("", entry) != audit.follows("", other)


def test_looking_exporting_and_changing_are_in_it(client: Any, site: Any) -> None:
    finance = make_user("Finance")
    client.force_login(finance)
    client.get("/admin/contributions/")
    client.get("/admin/contributions/?export=xlsx")
    client.get("/admin/contributions/inspect/987/")
    client.post("/admin/countries/new/", {"code": "DE"})
    client.get("/admin/pages/")
    who = finance.username
    assert said() == [
        (who, "listed contributions"),
        (who, "exported contributions:index as xlsx"),
        (who, "looked at a contribution"),
        (who, "not done: looked at a contribution"),
        (who, "added a closed country"),
        (who, "not done: added a closed country"),  # without its name
    ]


def test_who_may_not_is_in_it_with_what_they_tried(client: Any, site: Any) -> None:
    editor = make_user("Editors")
    client.force_login(editor)
    client.post("/admin/users/new/", {"username": "x"})
    assert [what for _, what in said()] == [
        "added a colleague’s account",
        "not done: added a colleague’s account",
    ]


def test_a_change_of_roles_says_what_they_are_now(client: Any, site: Any) -> None:
    admin, editor = make_user(None), make_user("Editors", first_name="A", last_name="B")
    client.force_login(admin)
    finance = make_user("Finance").groups.get()
    fields = {"username": editor.username, "email": editor.email, "first_name": "A"}
    fields |= {"last_name": "B", "groups": [finance.pk], "is_active": "on"}
    answer = client.post(f"/admin/users/edit/{editor.pk}/", fields)
    assert answer.status_code == 302, answer.context["form"].errors
    assert said()[-1] == (admin.username, f"roles of “{editor.username}” are now: Finance")
    entry = AuditEntry.objects.latest("pk")
    assert entry.row == f"user {editor.pk}"


def test_what_was_asked_to_prove_again_is_not_done(client: Any, site: Any) -> None:
    finance = make_user("Finance")
    client.force_login(finance)
    with time_machine.travel(time.time() + 901):
        client.post("/admin/contributions/refund/1/", {"reason": "x"})
    assert [what for _, what in said()] == [
        "gave money back, or asked to",
        "not done: gave money back, or asked to",
    ]


def test_several_colleagues_at_once_are_named_with_what_they_are_now(
    client: Any, site: Any
) -> None:
    admin, editor = make_user(None), make_user("Editors")
    client.force_login(admin)
    finance = make_user("Finance").groups.get()
    client.post(f"/admin/bulk/accounts/user/assign_role/?id={editor.pk}", {"role": finance.pk})
    assert str(editor.pk) in AuditEntry.objects.order_by("pk")[0].row
    assert said()[-1] == (admin.username, f"roles of “{editor.username}” are now: Editors, Finance")


def test_who_is_disabled_in_the_admin_is_out(client: Any, site: Any) -> None:
    editor = make_user("Editors", first_name="A", last_name="B")
    theirs = Client()
    theirs.force_login(editor)
    client.force_login(make_user(None))
    fields = {"username": editor.username, "email": editor.email, "first_name": "A"}
    client.post(f"/admin/users/edit/{editor.pk}/", fields | {"last_name": "B"})
    assert not editor.sessions.exists()
    assert said()[-1][1].endswith("are now: none: disabled")


def test_words_that_may_name_somebody_are_for_who_may_know_them(client: Any, site: Any) -> None:
    client.force_login(make_user("Finance leads"))
    merge = {"into": "1", "why": "Ann Donor married"}
    client.post("/admin/giving/donors/1/merge/", merge)
    client.post("/admin/giving/donors/1/address/", merge | {"email": "x"})
    for kept_elsewhere in ("contributions/refund/1/", "regular/change/1/"):
        client.post(f"/admin/{kept_elsewhere}", {"reason": "Ann Donor", "why": "Ann Donor"})
    client.force_login(make_user("List owners"))
    client.post("/admin/readers/1/remove/", {"why": "Ann Reader wrote"})
    said = [entry.why for entry in AuditEntry.objects.exclude(what__startswith="not done")]
    assert [why for why in said if why] == [*["Ann Donor married"] * 2, "Ann Reader wrote"]
    for role, names in (("Auditors", False), (None, True)):
        client.force_login(make_user(role))
        for address in ("", "?export=csv", "results/?what=donor"):
            answer = client.get(f"/admin/audit/{address}")
            page = b"".join(answer.streaming_content).decode() if answer.streaming else answer.text
            assert ("Ann Donor" in page) is names and ("only for who may" in page) is not names


def test_only_who_has_the_right_reads_it(client: Any, site: Any) -> None:
    audit.record("heron", "looked at a contribution", "42")
    for role in ("Editors", "Finance"):
        client.force_login(make_user(role))
        assert client.get("/admin/audit/")["Location"] == "/admin/"
    client.force_login(make_user(None))
    page = client.get("/admin/audit/").content.decode()
    assert "heron" in page and "looked at a contribution" in page
    found = client.get("/admin/audit/results/?what=contribution&who=heron")
    assert found.status_code == 200
    assert client.get("/admin/audit/?export=csv").status_code == 200
