"""The list as a file, by page and in the terminal: all are in it, and no cell is a formula."""

import csv
import io
import stat
from datetime import date, timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from newsroom.accounts.models import AuditEntry
from newsroom.core import spreadsheets
from newsroom.core.privacy import list_index
from newsroom.models import Suppression
from subscriptions.models import Newsletter, ReaderTag, Subscriber, Subscription
from subscriptions.transfer import exporting
from tests.answers import led_to
from tests.factories import make_subscription, make_user

URL, WHY = "/admin/readers/export/", "We move to another house."
EVIL = "=cmd|'/c calc'!A0"


def read(text: str) -> list[dict[str, str]]:
    assert text.startswith("\ufeff")
    return list(csv.DictReader(io.StringIO(text.lstrip("\ufeff"), newline="")))


def exported(**which: object) -> list[dict[str, str]]:
    return read("".join(exporting.lines(Newsletter.objects.all(), **which)))


@given(st.text(alphabet="aZ09.@_+=-,;\"'\t ﹦é", max_size=12))
def test_plain_text_is_the_cell_that_the_writer_of_spreadsheets_makes(text: str) -> None:
    if exporting.PLAIN.fullmatch(text):
        assert spreadsheets.in_csv(text) == text and next(csv.reader([text])) == [text]
    assert next(csv.reader(io.StringIO(exporting.cell(text), newline=""))) == [
        spreadsheets.in_csv(text)
    ]


@pytest.mark.django_db
def test_each_reader_of_each_newsletter_has_a_line(site) -> None:
    ann = make_subscription(site.newsletter, "ann@example.org")
    Subscription.objects.update(source="import 3", confirmed_on=date(2026, 1, 5))
    Subscription.objects.update(paused_until=date(2030, 1, 1))
    for name in ("patrons", EVIL):
        ReaderTag.objects.create(subscriber=ann.subscriber, name=name)
    Suppression.add(list_index("ann@example.org"), "bounce")
    make_subscription(site.newsletter, '"o, ´b"@example.org', status="pending")
    rows = exported()
    assert rows[0] == {
        "email": "ann@example.org",
        "newsletter": "The Weekly",
        "status": "confirmed",
        "source": "import 3",
        "signed_up_on": f"{timezone.localdate()}",
        "confirmed_on": "2026-01-05",
        "unsubscribed_on": "",
        "paused_until": "2030-01-01",
        "no_mail_because": "bounce",
        "tags": f"'{EVIL}, patrons",
    }
    assert [row["email"] for row in rows] == ["ann@example.org", '"o, ´b"@example.org']
    assert len(exported(statuses=["pending"])) == 1


@pytest.mark.django_db
@pytest.mark.parametrize("evil", [EVIL, "+1@example.org", "-a@example.org", "@x", 'a"b,c;=1@x.org'])
def test_no_cell_is_a_formula(site, evil) -> None:
    make_subscription(site.newsletter, evil)
    Subscription.objects.update(source=evil)
    Newsletter.objects.update(title=evil)
    [row] = exported()
    assert row["email"] == row["source"] == row["newsletter"] == spreadsheets.in_csv(evil)


@pytest.mark.django_db
def test_pieces_say_how_far_it_is(site) -> None:
    lines = (str(number) for number in range(25_001))
    found = list(exporting.pieces(lines))
    assert [rows for _, rows in found] == [9_999, 19_999, 25_000]
    assert b"".join(piece for piece, _ in found) == b"".join(b"%d" % n for n in range(25_001))


# --- By the page -----------------------------------------------------------------------------


@pytest.mark.django_db
def test_page_takes_right_fresh_proof_and_reason(client, site) -> None:
    make_subscription(site.newsletter, "ann@example.org")
    form = {"newsletters": [site.newsletter.pk], "statuses": ["confirmed"], "why": WHY}
    client.force_login(make_user("Editors"))
    assert client.post(URL, form).status_code in (302, 403)
    client.force_login(make_user("List owners"))
    assert client.get(URL).status_code == 200
    for missing in form:
        assert client.post(URL, form | {missing: []}).status_code == 422
    file = client.post(URL, form)
    assert "attachment" in file["Content-Disposition"] and "no-store" in file["Cache-Control"]
    assert [row["email"] for row in read(file.getvalue().decode())] == ["ann@example.org"]
    entry = AuditEntry.objects.latest("pk")
    assert (entry.what, entry.why) == ("exported readers", WHY)
    session = client.session
    session["started"] = (timezone.now() - timedelta(hours=1)).isoformat()
    session.save()
    assert led_to(client.post(URL, form)) == "/admin/prove/"


# --- In the terminal -------------------------------------------------------------------------


@pytest.mark.django_db
def test_command_writes_a_file_of_its_owners_alone(site, tmp_path: Path) -> None:
    make_subscription(site.newsletter, "ann@example.org")
    out, path = io.StringIO(), tmp_path / "readers.csv"
    call_command("subscribers", "export", str(path), "--why", WHY, stdout=out)
    assert "1 readers are in" in out.getvalue()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600 and list(tmp_path.iterdir()) == [path]
    assert [row["email"] for row in read(path.read_bytes().decode())] == ["ann@example.org"]
    assert AuditEntry.objects.get().why == WHY
    with pytest.raises(CommandError, match="is there already"):
        call_command("subscribers", "export", str(path), "--why", WHY)
    with pytest.raises(CommandError, match="No such newsletter: other"):
        call_command("subscribers", "count", "--newsletter", "other")


@pytest.mark.django_db
@pytest.mark.parametrize("options", [[], ["--for-ever"]])
def test_command_erases_who_is_typed(site, monkeypatch, options) -> None:
    make_subscription(site.newsletter, "ann@example.org")
    typed = iter(["bob@example.org", "Ann@Example.org"])
    monkeypatch.setattr("builtins.input", lambda words: next(typed))
    with pytest.raises(CommandError, match="nobody's address"):
        call_command("subscribers", "erase", "--why", WHY)
    call_command("subscribers", "erase", "--why", WHY, *options, stdout=io.StringIO())
    assert not Subscriber.objects.exists()
    assert Suppression.objects.count() == len(options)


@pytest.mark.django_db
def test_command_counts_what_is_kept_and_what_is_there(site) -> None:
    for status in ("confirmed", "confirmed", "pending"):
        make_subscription(site.newsletter, status=status)
    out = io.StringIO()
    call_command("subscribers", "count", "--exact", stdout=out)
    assert out.getvalue().split() == ["weekly", "2", "confirmed", "2", "pending", "1"]
