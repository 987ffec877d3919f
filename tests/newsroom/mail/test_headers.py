"""Headers in any script: 7 bits, lines that fit, the same words on the other side."""

import email
import email.policy
from email.header import decode_header, make_header
from email.utils import parseaddr
from typing import Any

import pytest
from django.core import mail
from hypothesis import given
from hypothesis import strategies as st

from newsroom.mail import headers
from newsroom.mail.providers.smtp import in_seven_bits

said = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=255)
SUBJECTS = [
    "Хлеб и соль: цены растут, и никто не знает, почему так случилось именно этой осенью",
    "الخبز والملح: ترتفع الأسعار ولا أحد يعرف لماذا حدث ذلك في هذا الخريف بالتحديد",
    "პური და მარილი: ფასები იზრდება და არავინ იცის, რატომ მოხდა ეს სწორედ ამ შემოდგომაზე",
    "面包与盐：价格上涨，没有人知道为什么会发生在这个秋天" * 3,
    "🙂👨\u200d👩\u200d👧\u200d👦" * 20,
    "x" * 150,
    "bread " * 25,
    "=?utf-8?q?not_a_word?=",
    "Short",
]
NAMES = ["Новости, «Хлеб»", 'A "quoted", name', "الميريديان", "Ж" * 60, "x" * 60, "ა (b) <c@d>", ""]


def sent(**fields: Any) -> bytes:
    """As a mail server gets it."""
    values: dict[str, Any] = {"subject": "S", "body": "B", "from_email": "n@example.org"} | fields
    message = mail.EmailMultiAlternatives(to=["r@example.org"], **values)
    message.attach_alternative(f"<p>{values['body']}</p>", "text/html")
    return in_seven_bits(message).message().as_bytes(linesep="\r\n")


def parsed(raw: bytes) -> Any:
    return email.message_from_bytes(raw, policy=email.policy.default)


def lines_of_head(raw: bytes) -> list[bytes]:
    return raw.partition(b"\r\n\r\n")[0].split(b"\r\n")


@pytest.mark.parametrize("subject", SUBJECTS)
def test_no_line_of_a_subject_is_empty_or_too_long(subject: str) -> None:
    raw = sent(subject=subject)
    for line in lines_of_head(raw):
        assert len(line) <= 78 and line.strip() and not line.endswith(b": ")
    assert parsed(raw)["Subject"] == " ".join(subject.split())


@given(said)
def test_subject_in_any_script_arrives(subject: str) -> None:
    assert parsed(sent(subject=subject))["Subject"] == headers.one_line(subject)


@pytest.mark.parametrize("name", NAMES)
def test_sender_in_any_script_arrives(name: str) -> None:
    raw = sent(from_email=headers.named(name, "news@пример.example"))
    assert all(len(line) <= 78 and not line.endswith(b": ") for line in lines_of_head(raw))
    # Python's newer parser keeps the space between two encoded words, against RFC 2047, 6.2.
    said = email.message_from_bytes(raw)["From"]
    shown, address = parseaddr(said)
    assert address == "news@xn--e1afmkfd.example"
    assert str(make_header(decode_header(shown))) == name


@given(said)
def test_name_before_brackets_never_swallows_what_stands_in_them(name: str) -> None:
    said = f"{headers.phrase('List-Id', name)} <newsletter-1.example.org>"
    assert said.isascii() and said.endswith(" <newsletter-1.example.org>")
    assert max(map(len, said.split(" "))) <= 75
    [address] = parsed(f"From: {said.replace('<', '<x@')}\r\n\r\n".encode())["From"].addresses
    assert address.addr_spec == "x@newsletter-1.example.org"


@pytest.mark.parametrize("body", ["Хлеб\n" * 50, "面包" * 2000, "plain\n.dots\n", "🙂\r\nß"])
def test_single_mail_is_seven_bit_whatever_the_server_takes(body: str) -> None:
    raw = sent(body=body)
    assert raw.isascii() and max(map(len, raw.split(b"\r\n"))) <= 78
    part = parsed(raw).get_body(("plain",))
    assert part.get_content().splitlines() == body.splitlines()
