"""Mails that tell of our mails: delivery status notifications, and complaints of feedback loops.

RFC 3464 and RFC 6533 for the first, RFC 5965 for the second. Anybody can write one. So whom it is
about, only a return path or a link says that we have signed (subscriptions/tracking/feedback.py).
"""

import re
from base64 import b64decode
from dataclasses import dataclass, field
from email import message_from_bytes, message_from_string
from email.message import Message
from email.utils import parseaddr
from quopri import decodestring
from typing import Any

from newsroom.mail import diagnosis
from newsroom.mail.diagnosis import Verdict
from newsroom.web.http import UNREADABLE

STATUS = {"message/delivery-status", "message/global-delivery-status"}
FEEDBACK = {"message/feedback-report"}
ENCLOSED = {
    *("message/rfc822", "message/global", "message/rfc822-headers"),
    *("text/rfc822-headers", "message/global-headers"),
}
OURS = ("Return-Path", "List-Unsubscribe")  # of an enclosed mail
# abuse, fraud, virus, other, and what is new, are complaints.
FEEDBACK_TYPES = {
    "not-spam": Verdict.NOTHING,  # RFC 6430
    "auth-failure": Verdict.US,  # RFC 6591
    "opt-out": Verdict.UNSUBSCRIBE,
}
# Of several mailboxes that one address was forwarded to, the one that did best counts.
MILDEST = (Verdict.NOTHING, Verdict.US, Verdict.SOFT, Verdict.LISTED, Verdict.DEAD)
MOST_GROUPS = 100  # of one report; anybody can write a long one
# What a program says to people when it gives up, and not while it still tries.
GIVEN_UP = re.compile(
    r"(?<![\d.])5\.\d{1,3}\.\d{1,3}(?![\d.])|(?<![\d.])5[0-5]\d[ -]\S|qmail-send program|given up",
    re.I,
)
COPY = re.compile(r"^-+ ?(below this line|this is a copy|original message)", re.I | re.M)


@dataclass(frozen=True)
class Report:
    recipients: list[Message] = field(default_factory=list)  # groups of fields, of a bounce
    feedback: list[Message] = field(default_factory=list)  # groups of fields, of a complaint
    places: list[str] = field(default_factory=list)  # where what we signed may stand
    notice: str = ""  # of a mail server that writes to people only

    def verdict(self, email: str) -> Verdict:
        """What it says of the reader with this address; NOTHING for any other mail."""
        if self.feedback:
            kind = first_word(self.feedback[0]["Feedback-Type"])
            return FEEDBACK_TYPES.get(kind, Verdict.COMPLAINT)
        named = [group for group in self.recipients if email.lower() in addresses_of(group)]
        verdicts = {_of_recipient(group) for group in named or self.recipients}
        if self.notice:
            verdicts.add(diagnosis.judge(self.notice))
        return next((verdict for verdict in MILDEST if verdict in verdicts), Verdict.NOTHING)


def read(raw: bytes) -> Report:
    """An empty report for any other mail, and for what is none."""
    try:
        return _read(message_from_bytes(raw))
    except UNREADABLE:
        return Report()


def _read(message: Message) -> Report:
    parts = list(message.walk())

    def groups(types: set[str], name: str) -> list[Message]:
        found = [part for part in parts if part.get_content_type() in types]
        some = [group for part in found[:MOST_GROUPS] for group in groups_of(part)]
        return [group for group in some if name in group][:MOST_GROUPS]

    recipients, feedback = groups(STATUS, "Action"), groups(FEEDBACK, "Feedback-Type")
    inside = [part for part in parts if part.get_content_type() in ENCLOSED]
    enclosed = [groups_of(part)[0] for part in inside[:MOST_GROUPS]]
    places = [str(group["Original-Mail-From"]) for group in feedback]
    places += [str(headers[name]) for headers in enclosed for name in OURS]
    notice = "" if recipients or feedback else _notice(message)
    return Report(recipients, feedback, places, notice)


def _notice(message: Message) -> str:
    """What a mail server wrote for people, without the copy of our mail below it; "" for what does
    not say that it has given up, or comes from somebody who is away."""
    failed = "X-Failed-Recipients" in message  # Exim's
    sender = parseaddr(str(message.get("From", "")))[1].partition("@")[0].lower()
    if sender not in ("mailer-daemon", "postmaster"):
        return ""
    while message.is_multipart():  # the first part is for people
        message = message.get_payload(0)  # type: ignore[assignment]
    body = message.get_payload(decode=True)
    text = body.decode(errors="replace") if isinstance(body, bytes) else ""
    text = COPY.split(text, maxsplit=1)[0]
    return text if GIVEN_UP.search(text) or failed else ""


def _of_recipient(group: Message) -> Verdict:
    if first_word(group["Action"]) != "failed":  # delayed, delivered, relayed, expanded
        return Verdict.NOTHING
    words = (str(group.get(name, "")) for name in ("Diagnostic-Code", "Localized-Diagnostic"))
    return diagnosis.judge(" ".join(words), status=str(group.get("Status", "")))


def addresses_of(group: Message) -> set[str]:
    """Of “rfc822; reader@example.org”, in small letters. Forwarding rewrites the final one."""
    fields = [str(group.get(name, "")) for name in ("Original-Recipient", "Final-Recipient")]
    return {text.rpartition(";")[2].strip(" \t<>").lower() for text in fields}


def first_word(value: Any) -> str:
    """In small letters, without a comment behind it."""
    return re.split(r"[\s(;]", str(value).strip().lower(), maxsplit=1)[0]


def groups_of(part: Message) -> list[Message]:
    """The groups of fields in a part, one at least. Python takes apart only some of these types,
    and none that travels as base64."""
    inner = part.get_payload()
    blocks = inner if isinstance(inner, list) else [inner]
    raw = b"\n".join(
        block.as_bytes() if isinstance(block, Message) else str(block).encode(errors="replace")
        for block in blocks
    )
    match first_word(part.get("Content-Transfer-Encoding", "")):
        case "base64":
            raw = b64decode(raw)
        case "quoted-printable":
            raw = decodestring(raw)
    text = raw.decode(errors="replace").replace("\r\n", "\n").strip()
    return [message_from_string(group) for group in re.split(r"\n\s*\n", text)]
