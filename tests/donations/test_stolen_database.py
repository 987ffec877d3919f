"""What a thief learns from the whole database: nothing about who is reader and donor at once."""

import re
from base64 import b32decode
from collections.abc import Iterator
from itertools import combinations
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django_otp.oath import totp

from donations.giving import erasure
from donations.giving.data import held
from donations.models import Deferral, Donor
from newsroom.accounts.models import User
from newsroom.core.privacy import list_index
from newsroom.models import RunMark, Suppression
from subscriptions.models import Consent, Subscription

NAME = "Zebulon Quirk"
AS_READER, AS_DONOR, LATER = (
    "Zeb.Quirk@unusual.example",
    "zeb.quirk@Unusual.Example",
    "ZEB.QUIRK@UNUSUAL.EXAMPLE",
)
OTHER = "somebody@else.example"
Row = tuple[str, str, Any]  # table, column, value


def dump() -> Iterator[Row]:
    """Every value of every table, as ``pg_dump`` would write it; bytes as bytes."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL timezone TO 'UTC'")
        for table in connection.introspection.table_names(cursor):
            columns = connection.introspection.get_table_description(cursor, table)
            for column in columns:
                quoted = f'"{column.name}"'
                kind = "" if column.type_code == 17 else "::text"  # bytea
                cursor.execute(f'SELECT {quoted}{kind} FROM "{table}" WHERE {quoted} IS NOT NULL')
                for (value,) in cursor.fetchall():
                    yield table, column.name, bytes(value) if kind == "" else value


def side(table: str) -> str:
    if table.startswith("donations_"):
        return "giving"
    if table == RunMark._meta.db_table:
        return "hold"
    return table if table in ("newsroom_asked", "newsroom_transactionalmail") else "list"


def seconds(rows: list[Row]) -> set[str]:
    """Every time of a day, but for its beginning; also where it is written as an epoch."""
    texts = [value for _, _, value in rows if isinstance(value, str)]
    clock = {found for text in texts for found in re.findall(r"\d\d:\d\d:\d\d", text)}
    return (clock | {text for text in texts if re.search(r"\b1[6-9]\d{8}\b", text)}) - {"00:00:00"}


@pytest.fixture
def one_of_each(donor, client, committing, inbox, told) -> tuple[list[Row], list[Row]]:
    """One person signs up, confirms, gives, and asks for a reminder and their page; another signs
    up only; one more only gives, and ticks the newsletter. The dumps before and after it."""
    before = list(dump())
    with committing():
        client.post("/newsletter/weekly/signup/", {"email": OTHER, "consent": "on"})
    with committing():
        client.post("/newsletter/weekly/signup/", {"email": AS_READER, "consent": "on"})
    [link] = re.findall(r"/newsletter/confirm/[^/]+/", inbox.to(AS_READER)[0]["text"])
    with committing():
        client.post(link)
    for email in (AS_DONOR, "ticked@box.example"):
        with committing():
            page = donor.continues(newsletter="on")["Location"]
            back = donor.pays(page, email, name=NAME)
            client.get(back.headers["Location"].removeprefix(settings.BASE_URL))
    with committing():
        client.post("/support/remind-me/", {"when": "month", "email": LATER})
        client.post("/support/manage/", {"email": AS_DONOR})
    Suppression.add(list_index(AS_DONOR), "bounce")
    assert (Donor.objects.count(), Subscription.objects.count()) == (2, 3)
    return before, list(dump())


def test_stolen_database_names_nobody_and_tells_no_reader_who_is_a_donor(one_of_each) -> None:
    before, after = one_of_each
    for table, column, value in after:
        text = value.decode("latin-1") if isinstance(value, bytes) else value
        for part in ("quirk", "zebulon", "unusual", "ticked", "somebody", "visa 4242"):
            assert part not in text.lower(), (table, column)
    fresh = set(after) - set(before)
    telling: dict[str, set[Any]] = {}
    for table, _, value in fresh:
        if isinstance(value, bytes) or re.search(r"[0-9a-f]{8}-[0-9a-f]{4}", value):
            telling.setdefault(side(table), set()).add(value)
    assert len(telling) == 4
    for one, other in combinations(telling, 2):
        assert not telling[one] & telling[other], (one, other)
    # The mark moves by itself, whatever anybody does (newsroom/hold).
    elsewhere = [row for row in fresh if side(row[0]) not in ("giving", "hold")]
    assert not seconds(elsewhere) - seconds(before)


def test_mails_that_were_sent_say_no_more_whose_they_were(one_of_each) -> None:
    rows = [row for row in one_of_each[1] if row[0] == "newsroom_transactionalmail"]
    purposes = {value for _, column, value in rows if column == "purpose"}
    assert purposes >= {"confirm", "already_subscribed", "welcome", "thanks", "manage_link"}
    assert {value for _, column, value in rows if column == "status"} == {"sent"}
    assert not [row for row in rows if row[1] in ("object_id", "second_id")]


def test_reader_who_came_by_the_giving_form_looks_like_any_other(one_of_each) -> None:
    rows = Consent.objects.filter(action="asked").values_list("policy_version", "how", "on")
    assert rows.count() == 4 and len(set(rows)) == 1
    assert not Donor.objects.filter(contributions__checkout__newsletter=True).exists()


def test_sealed_values_have_one_length(one_of_each) -> None:
    columns = ("email", "name", "message", "payment_method", "card")
    sealed = [value for _, column, value in one_of_each[1] if column in columns]
    assert {len(value) for value in sealed if isinstance(value, bytes)} == {284}


def test_who_is_both_is_still_known_from_the_address_in_hand(one_of_each) -> None:
    donor = Donor.objects.order_by("pk")[0]
    found = held.everything_about(donor)
    assert [one["status"] for one in found["newsletters"]] == ["confirmed"]
    assert len(found["reminders"]) == 1
    erasure.erase(donor)
    assert not Deferral.objects.exists()
    assert Subscription.objects.count() == 3  # another consent


def test_stolen_database_names_no_staff_and_opens_no_session(client, site, committing) -> None:
    """A colleague is invited, signs in, sets up an app, changes their name, is looked at."""
    with committing():
        call_command(
            *("staff", "invite", "heron", "--role", "Finance"),
            *("--email", "Irena.Volkova@Unusual.example"),
        )
    user = User.objects.get()
    user.set_password("quite a long one 7")
    user.save()
    with committing():
        client.post("/admin/login/", {"username": "heron", "password": "quite a long one 7"})
        client.post("/admin/security/", {"do": "app"})
        key = client.session["key of a new app"]
        code = f"{totp(b32decode(key)):06}"
        codes = client.post("/admin/security/app/", {"code": code}).context["new_codes"]
        names = {"name_email-first_name": "Irena", "name_email-last_name": "Volkova"}
        names |= {"name_email-email": user.email, "theme-theme": "system"}
        names |= {"theme-contrast": "system", "theme-density": "default"}
        names |= {"theme-keyboard_shortcuts": "on"}
        client.post("/admin/account/", names)
        client.post("/admin/contributions/refund/1/", {"reason": "Irena Volkova asked"})
        session = client.session
        session["typed"] = "irena.volkova@unusual.example"
        session.save()
    assert User.objects.get().first_name == "Irena"
    secrets = (client.cookies["sessionid"].value, key, codes[0].replace("-", ""))
    for table, column, value in dump():
        text = (value.decode("latin-1") if isinstance(value, bytes) else value).lower()
        for part in ("irena", "volkova", "unusual", *secrets):
            assert part.lower() not in text, (table, column)
