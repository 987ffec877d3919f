"""Bytes with holes: whatever the text, a mail program reads what was written."""

import email
import email.policy
from email.message import EmailMessage

from hypothesis import given
from hypothesis import strategies as st

from subscriptions.sending import mime

LINK = "https://news.example.org/newsletter/unsubscribe/{}/"
TOKEN = "AAAAAAAAAAc" + "x" * 17
words = st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from("\n.= é"))


def received(raw: bytes) -> EmailMessage:
    """As the other side of the line reads it: dots unstuffed, then parsed."""
    lines = [line[1:] if line.startswith(b".") else line for line in raw.split(b"\r\n")]
    return email.message_from_bytes(b"\r\n".join(lines), policy=email.policy.default)


def made(subject: str = "S", html: str = "<p>H</p>", text: str = "T", **values: str):
    headers = {"To": "((reader.email))", "List-Unsubscribe": "<((reader.unsubscribe))>"}
    template = mime.build(subject, html, text, "News <n@example.org>", headers)
    return template.fill({"email": "r@example.org", "unsubscribe": TOKEN, **values})


@given(before=words, after=words)
def test_body_arrives_as_written_around_the_personal_part(before: str, after: str) -> None:
    body = before + LINK.format("((reader.unsubscribe))") + after
    mail = received(made(html=body, text=body))
    for kind in ("html", "plain"):
        part = mail.get_body((kind,))
        assert part
        content = part.get_content().replace("\r\n", "\n")
        assert content.rstrip("\n") == body.replace("((reader.unsubscribe))", TOKEN).rstrip("\n")


@given(words)
def test_no_line_is_longer_than_mail_allows_and_none_is_a_lone_dot(text: str) -> None:
    """RFC 5321, 4.5.3.1.6: 998 octets and CRLF; RFC 2045, 6.7: 76 in quoted-printable."""
    raw = made(html=text * 50, text=text * 50)
    for line in raw.split(b"\r\n"):
        assert len(line) <= 998 and line != b"." and b"\n" not in line and b"\r" not in line
    _, _, body = raw.partition(b"\r\n\r\n")
    assert max(len(line.removeprefix(b".")) for line in body.split(b"\r\n")) <= 76


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=150))
def test_subject_in_any_script_arrives(subject: str) -> None:
    mail = received(made(subject=subject))
    assert "".join(mail["Subject"].split()) == "".join(subject.split())


def test_headers_are_the_readers_own() -> None:
    mail = received(made())
    assert (mail["To"], mail["List-Unsubscribe"]) == ("r@example.org", f"<{TOKEN}>")
    assert mail.defects == []


def test_long_personal_part_is_broken_softly() -> None:
    token = ".a=" * 100
    mail = received(made(html="((reader.unsubscribe))", unsubscribe=token))
    part = mail.get_body(("html",))
    assert part and part.get_content().strip() == token
