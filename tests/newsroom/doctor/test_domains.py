"""What the name system has to say of a domain that sends; a name server of this process answers."""

import socket
from collections.abc import Iterator
from threading import Thread
from typing import Any

import dns.message
import dns.resolver
import dns.rrset
import pytest

from newsroom.doctor import domains
from newsroom.doctor.examination import Finding, State


@pytest.fixture(autouse=True)
def _really_mailgun(settings: Any) -> None:
    settings.MAIL_SANDBOX, settings.MAIL_PROVIDER, settings.ANYMAIL = "", "mailgun", {}


def wrong_with(domain: str, names: domains.Names) -> list[Finding]:
    return [one for one in domains.sender(domain, names) if one.state is not State.OK]


KEY = "v=DKIM1; k=rsa; p=" + "A" * 200
GOOD = {
    ("a.test.", "TXT"): ['"v=spf1 include:b.test ~all"'],
    ("b.test.", "TXT"): ['"v=spf1 ip4:192.0.2.0/24 -all"'],
    ("mx._domainkey.a.test.", "TXT"): [f'"{KEY}"'],
    ("_dmarc.a.test.", "TXT"): ['"v=DMARC1; p=quarantine"'],
    ("a.test.", "MX"): ["10 mail.a.test."],
}


@pytest.fixture
def zone() -> dict[tuple[str, str], list[str]]:
    """What a name server of this process says."""
    return {}


@pytest.fixture
def names(zone: dict[tuple[str, str], list[str]]) -> Iterator[domains.Names]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))

        def serve() -> None:
            while True:
                try:
                    wire, client = server.recvfrom(4096)
                except OSError:
                    return
                question = dns.message.from_wire(wire)
                asked = question.question[0]
                name, kind = str(asked.name), dns.rdatatype.to_text(asked.rdtype)
                answer = dns.message.make_response(question)
                if records := zone.get((name, kind)):
                    answer.answer.append(dns.rrset.from_text(name, 60, "IN", kind, *records))
                elif not any(one == name or one.endswith(f".{name}") for one, _ in zone):
                    answer.set_rcode(dns.rcode.NXDOMAIN)
                server.sendto(answer.to_wire(), client)

        Thread(target=serve, daemon=True).start()
        yield domains.Names(resolver_at(server.getsockname()[1]))


def resolver_at(port: int) -> dns.resolver.Resolver:
    resolver = dns.resolver.Resolver(configure=False)
    resolver.nameservers, resolver.port = ["127.0.0.1"], port
    return resolver


LONG = {("a.test.", "TXT"): [f'"v=spf1 {" ".join(f"a:h{n}.test" for n in range(11))} -all"']}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({}, ""),
        ({("a.test.", "TXT"): ['"v=spf1 -all"', '"v=spf1 +all"']}, "2 SPF records"),
        ({("a.test.", "TXT"): []}, "no SPF"),
        ({("a.test.", "TXT"): ['"v=spf1 +all"']}, "lets anybody"),
        (LONG, "look-ups"),
        ({("mx._domainkey.a.test.", "TXT"): []}, "no DKIM key at all"),
        ({("mx._domainkey.a.test.", "TXT"): ['"v=DKIM1; p="']}, "may have a DKIM key"),
        ({("_dmarc.a.test.", "TXT"): []}, "no DMARC"),
        ({("_dmarc.a.test.", "TXT"): ['"v=DMARC1; p=none"']}, "others write"),
        ({("a.test.", "MX"): []}, "takes no mail"),
    ],
)
def test_domain_that_sends_is_judged(
    zone: dict[Any, Any], names: domains.Names, change: dict[Any, Any], words: str
) -> None:
    zone |= {name: rows for name, rows in (GOOD | change).items() if rows}
    found = wrong_with("a.test", names)
    assert [words in one.words for one in found] == [True] * bool(words), found
    assert all(one.todo for one in found)


SUB = {
    ("letters.a.test.", "TXT"): ['"v=spf1 include:b.test ~all"'],
    ("letters.a.test.", "A"): ["192.0.2.7"],
}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({}, ""),
        ({("_dmarc.a.test.", "TXT"): ['"v=DMARC1; p=reject; adkim=s"']}, "its own signature only"),
        ({("_dmarc.a.test.", "TXT"): ['"v=DMARC1; p=reject; sp=none"']}, "others write"),
        ({("letters.a.test.", "A"): []}, "takes no mail"),
    ],
)
def test_policy_and_key_of_the_domain_above_count(
    zone: dict[Any, Any], names: domains.Names, change: dict[Any, Any], words: str
) -> None:
    zone |= {name: rows for name, rows in (GOOD | SUB | change).items() if rows}
    found = wrong_with("letters.a.test", names)
    assert [words in one.words for one in found] == [True] * bool(words), found


def test_by_smtp_the_envelope_counts(zone: Any, names: domains.Names, settings: Any) -> None:
    zone |= GOOD | SUB
    settings.MAIL_PROVIDER, settings.LEAVE_BY_MAIL = "smtp", True
    settings.DKIM_SELECTORS = ["mx"]
    settings.RETURN_PATH = "bounces@other.test"
    found = wrong_with("a.test", names)
    assert len(found) == 3 and all("other.test" in one.words for one in found), found
    settings.RETURN_PATH = "bounces@letters.a.test"
    assert wrong_with("a.test", names) == []


def test_record_that_includes_itself_ends(zone: Any, names: domains.Names) -> None:
    zone[("a.test.", "TXT")] = ['"v=spf1 include:a.test include:a.test -all"']
    [found] = domains.spf("a.test", names)
    assert "look-ups" in found.words


def test_silent_name_server_is_told_so() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        names = domains.Names(resolver_at(silent.getsockname()[1]))
        names.resolver.lifetime = 0.3
        [found] = domains.sender("a.test", names)
    assert found.state is State.UNKNOWN and "No name server answers" in found.words
