"""What the files of other tools say of a reader, and what only their owner can say."""

from datetime import date
from typing import Any

import pytest

from subscriptions.transfer.formats import State, recognise
from subscriptions.transfer.meaning import (
    Incomplete,
    Mapping,
    Person,
    day,
    mapping_for,
    masked,
    names_of,
    proposed,
    reader_of,
    tags_of,
)

MAILCHIMP = (
    "Email Address,First Name,MEMBER_RATING,OPTIN_TIME,OPTIN_IP,CONFIRM_TIME,CONFIRM_IP,GMTOFF,"
    "DSTOFF,TIMEZONE,CC,REGION,LAST_CHANGED,LEID,EUID,NOTES,TAGS"
)
GHOST = "id,email,name,note,subscribed_to_emails,complimentary_plan,stripe_customer_id,created_at"
HEADERS = {
    "mailchimp": MAILCHIMP,
    "ghost": GHOST + ",deleted_at,labels,tiers,gift_id",
    "listmonk": "uuid,email,name,attributes,status,created_at,updated_at",
    "substack": "email,active_subscription,expiry,plan,email_disabled,created_at,first_payment_at",
    "beehiiv": "email,First Name,Last Name,status,tier,created_at,stripe_customer_id,Free Tier",
    "buttondown": "email_address,type,creation_date,tags,metadata,notes",
    "sendy": "Name,Email,Joined,Last activity,Added via,Opt-in method,IP address,Country,Status",
    "mailerlite": "Subscriber,Sent,Opens,Clicks,Subscribed,Location",
    "campaign monitor": "Email Address,Name,Date Active,Date Joined,Permission to track",
    "kit": "email,first_name,created_at,status,tags,referrer",
    "plain": "Name,E-Mail",
}


@pytest.mark.parametrize("key", HEADERS)
def test_whose_file_it_is_shows_in_its_columns(key: str) -> None:
    names = HEADERS[key].split(",")
    assert recognise(names).key == key
    assert proposed(recognise(names), names, []).address in names


def read(headers: str, row: list[str], file: str = "x.csv", **said: Any) -> Person | str:
    names, _ = names_of(headers.split(","))
    mapping = proposed(recognise(names), names, [row])
    for field, value in said.items():
        setattr(mapping, field, value)
    return reader_of(mapping, names, file)(row)


def mailchimp(**cells: str) -> list[str]:
    return [cells.get(name.split()[0].lower(), "") for name in MAILCHIMP.split(",")]


@pytest.mark.parametrize(
    ("file", "state"),
    [
        ("subscribed_members_export_1f.csv", State.ACTIVE),
        ("unsubscribed_email_audience_export_1f.csv", State.UNSUBSCRIBED),
        ("cleaned_members_export_1f.csv", State.BOUNCED),
        ("nonsubscribed_members_export_1f.csv", State.NEVER),
    ],
)
def test_mailchimps_file_name_says_who_gets_mail(file: str, state: State) -> None:
    row = mailchimp(
        email="ann@example.org",
        optin_time="2020-01-02 03:04:05",
        confirm_time="2020-02-03 04:05:06",
        tags='"VIP","Blog, daily"',
    )
    found = read(MAILCHIMP, row, file, with_tags=True)
    tags = ("VIP", "Blog, daily")
    assert found == Person(
        "ann@example.org", state, date(2020, 2, 3), None, "confirmed by mail", tags
    )


@pytest.mark.parametrize(
    ("key", "row"),
    [("mailchimp", mailchimp(email="a@b.org")), ("plain", ["Ann", "a@b.org"])],
)
def test_who_gets_mail_is_asked_where_the_file_is_silent(key: str, row: list[str]) -> None:
    with pytest.raises(Incomplete):
        read(HEADERS[key], row, "readers.csv")
    told = read(HEADERS[key], row, "readers.csv", otherwise="active")
    assert isinstance(told, Person) and told.state == State.ACTIVE


def test_listmonks_enabled_is_asked_about() -> None:
    row = ["u", "a@b.org", "A", "{}", "enabled", "2024-01-02 03:04:05.678 +0000 UTC", ""]
    assert read(HEADERS["listmonk"], row) == "a status that nobody has explained"
    row[4] = "blocklisted"
    assert read(HEADERS["listmonk"], row)[1] == State.BLOCKED


@pytest.mark.parametrize(
    ("disabled", "state"), [("false", State.ACTIVE), ("true", State.UNSUBSCRIBED)]
)
@pytest.mark.parametrize("pays", ["true", "false"])
def test_who_pays_on_substack_says_nothing_of_consent(
    pays: str, disabled: str, state: State
) -> None:
    row = ["a@b.org", pays, "", "other", disabled, "2023-04-05T06:07:08.000Z", ""]
    found = read(HEADERS["substack"], row)
    assert (found[1], found[2]) == (state, date(2023, 4, 5))


def test_ghost_says_false_of_who_has_left() -> None:
    row = ["1", "a@b.org", "A", "", "false", "", "", "2023-04-05T06:07:08.000Z", "", "x,y"]
    assert read(HEADERS["ghost"], row)[1] == State.UNSUBSCRIBED


@pytest.mark.parametrize(
    ("headers", "row", "expected"),
    [
        (
            HEADERS["ghost"],
            "1,a@b.org,A,,true,,,2023-04-05T06:07:08.000Z,2024-05-06T07:08:09.000Z,x,,",
            (State.UNSUBSCRIBED, date(2024, 5, 6)),
        ),
        (
            "email,status,Free Tier,unsubscribed_at",
            "a@b.org,active,x,2024-05-06",
            (State.UNSUBSCRIBED, date(2024, 5, 6)),
        ),
        (
            "email_address,type,creation_date,undeliverability_date",
            "a@b.org,regular,2023-01-01,2024-05-06",
            (State.BOUNCED, date(2024, 5, 6)),
        ),
        (
            "email,status,Unsubscribed,Bounced",
            "a@b.org,active,true,false",
            (State.UNSUBSCRIBED, None),
        ),
        (
            "email,status,bounced_at,blocked_at",
            "a@b.org,active,2024-05-06,1714953600",
            (State.BLOCKED, date(2024, 5, 6)),
        ),
        (
            "email,status,confirmed_at,unsubscribed_at",
            "a@b.org,active,2024-05-07,2024-05-06",
            (State.ACTIVE, None),
        ),
        (
            "email,status,unsubscribed_at",
            "a@b.org,active,0000-00-00 00:00:00",
            (State.ACTIVE, None),
        ),
        (
            "email,status,unsubscribed_at",
            "a@b.org,pending,2024-05-06",
            (State.PENDING, date(2024, 5, 6)),
        ),
    ],
)
def test_who_is_gone_by_a_column_of_its_own_is_not_on_the_list(
    headers: str, row: str, expected: tuple[State, date | None]
) -> None:
    found = read(headers, row.split(","))
    assert (found[1], found[3]) == expected


def test_next_file_of_a_zip_may_have_such_a_column_and_its_owner_may_refuse_one() -> None:
    first, second = (
        ["email", "status", "bounced_at"],
        ["email", "status", "bounced_at", "deleted_at"],
    )
    given = proposed(recognise(first), first, [["a@b.org", "active", ""]])
    given.left = []  # its owner knows better
    found = mapping_for(given, second)
    assert found.left == ["deleted_at"] and mapping_for(given, first).left == []
    row = ["a@b.org", "active", "2024-01-01", "2024-05-06"]
    assert reader_of(found, second, "x.csv")(row)[1] == State.UNSUBSCRIBED


@pytest.mark.parametrize("cell", ["", "false", "No", "0", "NULL", "\\N", "0000-00-00"])
def test_column_of_who_is_gone_may_say_that_they_are_not(cell: str) -> None:
    assert read("email,status,deleted_at", ["a@b.org", "active", cell])[1] == State.ACTIVE


def test_file_without_names_of_columns_is_read() -> None:
    names, headless = names_of(["Ann", "ann@example.org"])
    assert headless and names == ["Column 1", "Column 2"]
    mapping = proposed(recognise(names), names, [["Ann", "ann@example.org"]])
    assert mapping.address == "Column 2"


def test_columns_of_one_name_are_told_apart() -> None:
    assert names_of(["email", "x", "x", ""])[0] == ["email", "x", "x (3)", "Column 4"]


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("mailto:ann@example.org", "ann@example.org"),
        ("Ann Lee <ann@example.org>", "ann@example.org"),
        ("'ann@example.org", "ann@example.org"),
        (" ann@Example.ORG ", "ann@example.org"),
        ("ann@пример.example", "ann@xn--e1afmkfd.example"),
        ("", "no address"),
        ("ann", "not an e-mail address"),
        ("é@example.org", "letters before the @ that many mail servers don't take"),
        ("=HYPERLINK(1)", "not an e-mail address"),
    ],
)
def test_address_is_unwrapped_or_its_problem_said(cell: str, expected: str) -> None:
    found = read("email", [cell], otherwise="active")
    assert (found if isinstance(found, str) else found.email) == expected


@pytest.mark.parametrize(
    ("text", "day_first", "expected"),
    [
        ("2024-01-02 03:04:05.678 +0000 UTC", True, date(2024, 1, 2)),
        ("2024/01/31, 09:05AM", True, date(2024, 1, 31)),
        ("03/04/2021", True, date(2021, 4, 3)),
        ("03/04/2021", False, date(2021, 3, 4)),
        ("3.4.2021", False, date(2021, 4, 3)),
        ("2118-01-01", True, None),
        ("0000-00-00 00:00:00", True, None),
        ("yesterday", True, None),
    ],
)
def test_days_are_read(text: str, day_first: bool, expected: date | None) -> None:
    assert day(text, day_first) == expected


def test_tags_are_read_in_each_tools_way() -> None:
    assert tags_of(['"VIP","Blog, daily"']) == ("VIP", "Blog, daily")
    assert tags_of(['["a", "b"]', "c;d", r"e\,f, g", "x@y.org"]) == ("a", "b", "c", "d", "e,f", "g")


def test_address_is_shown_masked() -> None:
    assert masked("Ann <reader@gmail.com>") == "r…@g…com"
    assert "@" not in masked("not one@")


def test_mapping_is_kept_as_json() -> None:
    mapping = Mapping(address="Email", states={"x": "active"})
    assert Mapping(**mapping.as_json()) == mapping
