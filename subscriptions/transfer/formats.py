"""What the files of other tools look like, as tables: how each is recognised, which columns say
what. Where a file does not say it, the owner of the list is asked, and nothing is guessed."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class State(StrEnum):
    """What a file says of a reader."""

    ACTIVE = "active"
    UNSUBSCRIBED = "unsubscribed"
    BOUNCED = "bounced"
    COMPLAINED = "complained"
    BLOCKED = "blocked"  # never to be written to
    PENDING = "pending"  # typed, never confirmed
    NEVER = "never"  # a contact who has agreed to nothing


WORDS = {
    State.ACTIVE: "gets mail: comes onto the list",
    State.UNSUBSCRIBED: "has left: kept as unsubscribed",
    State.BOUNCED: "the address is dead: suppressed",
    State.COMPLAINED: "has complained: suppressed",
    State.BLOCKED: "wants no mail ever: suppressed",
    State.PENDING: "never confirmed: left out",
    State.NEVER: "agreed to nothing: left out",
}
# The same word means the same in all of them.
STATES = {
    "active": State.ACTIVE,
    "subscribed": State.ACTIVE,
    "confirmed": State.ACTIVE,
    "unsubscribed": State.UNSUBSCRIBED,
    "cancelled": State.UNSUBSCRIBED,
    "canceled": State.UNSUBSCRIBED,
    "deleted": State.UNSUBSCRIBED,
    "bounced": State.BOUNCED,
    "cleaned": State.BOUNCED,
    "undeliverable": State.BOUNCED,
    "invalid": State.BOUNCED,
    "complained": State.COMPLAINED,
    "junk": State.COMPLAINED,
    "marked as spam": State.COMPLAINED,
    "spam": State.COMPLAINED,
    "blocked": State.BLOCKED,
    "blocklisted": State.BLOCKED,
    "removed": State.BLOCKED,
    "unconfirmed": State.PENDING,
    "unactivated": State.PENDING,
    "pending": State.PENDING,
    "validating": State.PENDING,
    "nonsubscribed": State.NEVER,
}
# Columns that say when somebody was lost, and how; some tools write “true” in place of a day. They
# mean the same in every file: also beside a status that still says “active”, as Ghost has it of
# members who were deleted.
LOST = {
    "deleted_at": State.UNSUBSCRIBED,
    "unsub_time": State.UNSUBSCRIBED,
    "unsubscribed_at": State.UNSUBSCRIBED,
    "unsubscribed at": State.UNSUBSCRIBED,
    "unsubscription_date": State.UNSUBSCRIBED,
    "unsubscribe_date": State.UNSUBSCRIBED,
    "unsubscribe date": State.UNSUBSCRIBED,
    "date unsubscribed": State.UNSUBSCRIBED,
    "date deleted": State.UNSUBSCRIBED,
    "unsubscribed": State.UNSUBSCRIBED,
    "opted_out_at": State.UNSUBSCRIBED,
    "opt-out date": State.UNSUBSCRIBED,
    "optout_time": State.UNSUBSCRIBED,
    "clean_time": State.BOUNCED,
    "undeliverability_date": State.BOUNCED,
    "bounced_at": State.BOUNCED,
    "date bounced": State.BOUNCED,
    "bounced": State.BOUNCED,
    "complained_at": State.COMPLAINED,
    "date complained": State.COMPLAINED,
    "complained": State.COMPLAINED,
    "blocklisted_at": State.BLOCKED,
    "blocked_at": State.BLOCKED,
    "suppressed_at": State.BLOCKED,
}
# What such a column has in it of who was not lost.
NOT_LOST = {"", "-", "–", "0", "false", "no", "n", "null", "none", "nil", "never", "n/a", "\\n"}
ADDRESS = [
    "email address",
    "email",
    "e-mail",
    "email_address",
    "e-mail address",
    "mail",
    "subscriber",
    "deine e-mail adresse",
    "e-mail-adresse",
    "adresse e-mail",
    "correo electrónico",
    "электронная почта",
]


@dataclass(frozen=True)
class Format:
    """``signs``: columns that together are found in no other's file, one set or another of them.
    Columns are named in small letters; of several the first that has something in it counts."""

    key: str
    name: str
    signs: Collection[frozenset[str]] = ()
    status: Collection[str] = ()
    states: Mapping[str, State] = field(default_factory=dict)
    otherwise: State | None = None  # without a column of states; None: ask
    files: Mapping[str, State] = field(default_factory=dict)  # words in a file's name
    since: Collection[str] = ()
    way: Collection[str] = ()  # how they agreed
    ways: Mapping[str, str] = field(default_factory=dict)  # … by a date that is there
    tags: Collection[str] = ()
    headless: tuple[str, ...] = ()  # the columns of files that have no first line with names
    ask: str = ""  # what the owner of the list has to know or to say


def signs(*columns: str) -> list[frozenset[str]]:
    return [frozenset(names.split(",")) for names in columns]


FORMATS = [
    Format(
        "mailchimp",
        "Mailchimp",
        signs("optin_time,confirm_time,leid,euid", "optin_time,confirm_time,member_rating"),
        files={
            "nonsubscribed": State.NEVER,
            "unsubscribed": State.UNSUBSCRIBED,
            "cleaned": State.BOUNCED,
            "subscribed": State.ACTIVE,
        },
        since=["confirm_time", "optin_time"],
        ways={"confirm_time": "confirmed by mail", "optin_time": "opted in"},
        tags=["tags"],
        ask="A Mailchimp file has no column that says who gets mail: its name does (“subscribed_”, "
        "“unsubscribed_”, “cleaned_”). Upload the whole zip: the unsubscribed and the cleaned ones "
        "belong with it, so that nobody who has left gets mail from you again.",
    ),
    Format(
        "ghost",
        "Ghost",
        signs("subscribed_to_emails,complimentary_plan", "subscribed_to_emails,created_at"),
        status=["subscribed_to_emails"],
        states={"true": State.ACTIVE, "false": State.UNSUBSCRIBED},
        since=["created_at"],
        ways={"created_at": "member since"},
        tags=["labels"],
        ask="Ghost says who gets at least one newsletter, not which; who was deleted there "
        "counts as unsubscribed. It names neither dead addresses nor complaints: "
        "bring its provider's list of suppressed ones, too.",
    ),
    Format(
        "listmonk",
        "listmonk",
        signs("uuid,email,attributes,status", "uuid,email,attributes"),
        status=["status"],
        states={"disabled": State.UNSUBSCRIBED, "blocklisted": State.BLOCKED},
        since=["created_at"],
        ways={"created_at": "subscriber since"},
        ask="listmonk's “enabled” is said of the person, also of who has left every list. Export "
        "one file for each list and subscription status, and say here which one this is.",
    ),
    Format(
        "substack",
        "Substack",
        signs(
            "email,active_subscription,expiry",
            "email,active_subscription,plan",
            "email,expiry,email_disabled",
        ),
        status=["email_disabled"],
        states={
            "false": State.ACTIVE,
            "true": State.UNSUBSCRIBED,
            "no": State.ACTIVE,
            "yes": State.UNSUBSCRIBED,
        },
        since=["created_at"],
        ways={"created_at": "subscriber since"},
        ask="“active_subscription” means that somebody pays, not that they agreed: it is not used. "
        "“email_disabled” says who wants no mail. Who has left is probably not in this file.",
    ),
    Format(
        "beehiiv",
        "beehiiv",
        signs("email,status,free tier", "subscriber_id,email,status,acquisition_source"),
        status=["status"],
        since=["created_at"],
        ways={"created_at": "subscriber since"},
        tags=["tags"],
        ask="beehiiv's “inactive” may be somebody who has left, whose address is dead, or who "
        "complained: unless you know better, take them as unsubscribed.",
        states={"needs_attention": State.PENDING},
    ),
    Format(
        "buttondown",
        "Buttondown",
        signs(
            "email_address,type,creation_date",
            "email_address,subscriber_type,creation_date",
            "email,type,creation_date",
            "email,subscriber_type,creation_date",
        ),
        status=["type", "subscriber_type"],
        states=dict.fromkeys(
            ("regular", "premium", "gifted", "trialed", "churned", "past_due", "paused"),
            State.ACTIVE,
        ),
        since=["creation_date"],
        ways={"creation_date": "subscriber since"},
        tags=["tags"],
    ),
    Format(
        "sendy",
        "Sendy",
        signs("email,joined,last activity,opt-in method", "email,joined,added via,status"),
        status=["status"],
        files={
            "marked-as-spam": State.COMPLAINED,
            "unconfirmed": State.PENDING,
            "unsubscribed": State.UNSUBSCRIBED,
            "bounced": State.BOUNCED,
            "active": State.ACTIVE,
        },
        since=["joined"],
        way=["opt-in method"],
        ways={"joined": "joined"},
        ask="An old Sendy file says in its name alone who gets mail (“-active”, “-unsubscribed”).",
    ),
    Format(
        "mailerlite",
        "MailerLite",
        signs("subscriber,sent,opens,clicks", "subscriber,subscribed,location"),
        files={
            "unsubscribed": State.UNSUBSCRIBED,
            "unconfirmed": State.PENDING,
            "bounced": State.BOUNCED,
            "junk": State.COMPLAINED,
            "active": State.ACTIVE,
        },
        since=["subscribed"],
        ways={"subscribed": "subscribed"},
        tags=["groups"],
        ask="MailerLite makes one file for each status and does not say which: you have to.",
    ),
    Format(
        "campaign monitor",
        "Campaign Monitor",
        signs("email address,date joined", "email address,permission to track"),
        files={
            "unsubscribed": State.UNSUBSCRIBED,
            "unconfirmed": State.PENDING,
            "bounced": State.BOUNCED,
            "deleted": State.UNSUBSCRIBED,
            "suppress": State.BLOCKED,
            "active": State.ACTIVE,
        },
        since=["date joined", "date active"],
        ways={"date joined": "joined"},
        ask="Campaign Monitor makes one file for each state, and one of suppressed addresses: "
        "bring all of them.",
    ),
    Format(
        "kit",
        "Kit",
        signs(
            "email,created_at,status,referrer",
            "first_name,email,created_at,status",
            "email,created_at,status,tags",
            "state,date subscribed,date last updated",
        ),
        status=["status", "state"],
        states={"inactive": State.PENDING},
        files={"confirmed": State.ACTIVE, "cold": State.ACTIVE},
        since=["created_at", "date subscribed"],
        ways={"created_at": "subscriber since", "date subscribed": "subscribed"},
        tags=["tags"],
        ask="Kit's “inactive” are taken for those who never confirmed.",
    ),
]
PLAIN = Format(
    "plain",
    "a plain file",
    status=["status", "state"],
    files={
        "unsubscribed": State.UNSUBSCRIBED,
        "bounced": State.BOUNCED,
        "suppress": State.BLOCKED,
    },
    since=[
        "consent date",
        "consent_date",
        "opt-in date",
        "confirmed_at",
        "subscribed_at",
        "created_at",
        "date joined",
        "date",
    ],
    way=["consent", "source", "opt-in method"],
    tags=["tags", "labels", "groups"],
    ask="Nobody can see from the file who has agreed to get mail: you have to say.",
)
BY_KEY = {one.key: one for one in [*FORMATS, PLAIN]}


def folded(name: str) -> str:
    """A column's name, to compare."""
    return " ".join(name.strip().casefold().split())


def recognise(names: Collection[str]) -> Format:
    """Whose file has these columns."""
    there = {folded(name) for name in names}
    for one in FORMATS:
        if any(needed <= there for needed in one.signs):
            return one
    return PLAIN


def state_of_file(found: Format, name: str) -> State | None:
    """What a file's name says of everybody in it; None: nothing."""
    plain = folded(name)
    for words, state in found.files.items():
        if re.search(rf"(?<![a-z]){re.escape(words)}(?![a-z])", plain):
            return state
    return None
