"""Moving in, page by page: nothing is imported before it was shown; no page has an address."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from newsroom.accounts.models import AuditEntry
from subscriptions.models import ReaderImport, Subscription
from tests.conftest import run_jobs
from tests.factories import make_user
from tests.newsroom.core.table_files.test_reading import packed

LIST = "/admin/newsletters/imports/"
CSV = b"email,status,since\nann@example.org,on,2020-01-01\nbob@example.org,off,\noops,on,\n"


@pytest.fixture
def editor(client: Client, site: Any) -> Client:
    client.force_login(make_user("List owners"))
    return client


def upload(editor: Client, site: Any, data: bytes = CSV, name: str = "ann@example.csv") -> Any:
    file = SimpleUploadedFile(name, data, "text/csv")
    return editor.post(LIST, {"newsletter": site.newsletter.pk, "file": file})


def test_of_a_zip_the_rows_of_who_gets_mail_are_shown(editor: Client, site: Any) -> None:
    head = b"Email Address,OPTIN_TIME,CONFIRM_TIME,LEID,EUID\n"
    data = packed(
        cleaned_members_export_1_dot_csv=head + b"cyd@old.net,,2020-01-01,1,1\n",
        subscribed_members_export_1_dot_csv=head + b"ann@new.org,,2021-01-01,1,1\n",
        unsubscribed_members_export_1_dot_csv=head + b"eve@old.net,,2021-01-01,1,1\n" * 2,
    )
    shown = editor.get(upload(editor, site, data, "audience.zip")["Location"])
    assert "The first rows of subscribed_members_export_1.csv" in shown.text
    assert "a…@n…org" in shown.text and "@o…net" not in shown.text
    assert "cleaned_members_export_1.csv: all of them are <strong>bounced" in shown.text


def test_list_moves_in_and_out_again(
    editor: Client, site: Any, django_capture_on_commit_callbacks: Any
) -> None:
    def post(path: str, said: Any = None) -> Any:
        with django_capture_on_commit_callbacks(execute=True):
            answer = editor.post(path, said)
        run_jobs()
        return answer

    page = upload(editor, site)["Location"]
    shown = editor.get(page)
    assert "a…@e…org" in shown.text and "ann@" not in shown.text
    said = {"address": "email", "status": "status", "state_0": "active", "consent": "By mail."}
    assert post(page, said).status_code == 422  # nobody said what “off” means
    assert post(page, said | {"state_1": "unsubscribed"}).status_code == 302
    assert "come onto the list" in editor.get(page).text
    assert not Subscription.objects.exists()
    post(f"{page}do/begin/")
    assert sorted(Subscription.objects.values_list("status", flat=True)) == [
        "confirmed",
        "unsubscribed",
    ]
    left_out = b"".join(editor.get(f"{page}left-out.csv").streaming_content).decode()
    assert "1,4,not an e-mail address" in left_out
    assert "ann@" not in editor.get(page).text + editor.get(f"{page}progress/").text
    post(f"{page}do/undo/")
    assert not Subscription.objects.exists()
    assert "Undone" in editor.get(page).text
    said = set(AuditEntry.objects.values_list("what", flat=True))
    assert {"uploaded a list of readers", "imported readers, undid it, or gave it up"} <= said


def test_what_is_no_list_is_said(editor: Client, site: Any) -> None:
    answer = upload(editor, site, b"%PDF-1.7", "list.pdf")
    assert answer.status_code == 422 and "save it as CSV" in answer.text
    assert not ReaderImport.objects.exists()
    assert upload(editor, site, b"\n\n").status_code == 422


def test_consent_is_demanded_and_names_nobody(editor: Client, site: Any) -> None:
    page = upload(editor, site, b"email\na@b.org\n")["Location"]
    for consent in ("", "ann@example.org told me"):
        answer = editor.post(page, {"address": "email", "otherwise": "active", "consent": consent})
        assert answer.status_code == 422
    assert ReaderImport.objects.get().status == "uploaded"


@pytest.mark.parametrize("step", ["do/begin/", "do/undo/", "do/nothing/"])
def test_what_is_not_its_turn_changes_nothing(editor: Client, site: Any, step: str) -> None:
    page = upload(editor, site)["Location"]
    assert editor.post(page + step).status_code in (302, 404)
    assert ReaderImport.objects.get().status == "uploaded"
    assert editor.get(f"{page}do/begin/").status_code == 405
