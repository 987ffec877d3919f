"""What the name system says of who sends: SPF (RFC 7208), DKIM (RFC 6376), DMARC (RFC 7489)."""

import re
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from dns.exception import DNSException
from dns.resolver import NXDOMAIN, NoAnswer, Resolver

from newsroom.core.uris import domain_of
from newsroom.doctor.examination import Finding, ok, unknown, warning, wrong
from newsroom.mail import providers
from newsroom.mail.providers import Transport

SECONDS = 4
MOST_LOOKUPS = 10  # RFC 7208, 4.6.4
COSTS_A_LOOKUP = re.compile(r"[+?~-]?(include:|a\b|mx\b|ptr\b|exists:)|redirect=")
LEADS_ON = re.compile(r"[+?~-]?include:([\w.-]+)|redirect=([\w.-]+)")
# Under which names keys stand, as the providers' pages say; those of others are DKIM_SELECTORS.
SELECTORS = {
    "mailgun": ["mx", "k1", "smtp", "pic", "mailo", "email"],
    "brevo": ["brevo1", "brevo2", "mail"],
    "resend": ["resend"],
    "mailjet": ["mailjet"],
}


class Names:
    """The name system. Raises DNSException when nobody answers."""

    def __init__(self, resolver: Resolver) -> None:
        self.resolver = resolver
        self.resolver.lifetime = SECONDS

    def texts(self, name: str, begin: str = "") -> list[str]:
        """The TXT records of a name that begin so."""
        found = [b"".join(row.strings).decode("utf-8", "replace") for row in self._ask(name, "TXT")]
        return [text for text in found if text.lower().startswith(begin)]

    def takes_mail(self, name: str) -> bool:
        """Without MX its address counts (RFC 5321, 5.1)."""
        return any(list(self._ask(name, kind)) for kind in ("MX", "A", "AAAA"))

    def is_there(self, name: str) -> bool:
        """The name, or one below it (RFC 8020)."""
        try:
            self.resolver.resolve(name, "TXT", raise_on_no_answer=False)
        except NXDOMAIN:
            return False
        return True

    def _ask(self, name: str, kind: str) -> Iterator[Any]:
        try:
            yield from self.resolver.resolve(name, kind)
        except (NXDOMAIN, NoAnswer):
            return


def of_settings() -> list[str]:
    found = [domain_of(settings.DEFAULT_FROM_EMAIL), *settings.SENDER_DOMAINS]
    return [domain for domain in dict.fromkeys(found) if domain]


def sender(domain: str, names: Names | None = None) -> Iterator[Finding]:
    """Whether receivers will believe mail from there."""
    if settings.MAIL_SANDBOX:
        yield unknown("Mail goes to the sandbox.")
        return
    try:
        names = names or Names(Resolver())
        top, policy = policy_of(domain, names)
        yield from spf(domain, names)
        yield from dkim(domain, top, "adkim=s" in policy, names)
        yield from dmarc(domain, top, policy)
        yield from way_back(domain, top, names)
    except DNSException as error:
        words = f"No name server answers ({type(error).__name__})."
        yield unknown(words, "ask again; /etc/resolv.conf says whom this machine asks")


def policy_of(domain: str, names: Names) -> tuple[str, str]:
    """DMARC's record, of the domain or of the nearest one above it, and whose it is. Below that
    one, domains are of the same owner; “a.org” and "" when there is none."""
    parts = domain.split(".")
    for at in [".".join(parts[start:]) for start in range(len(parts) - 1)]:
        if records := names.texts(f"_dmarc.{at}", "v=dmarc1"):
            return at, records[0].lower().replace(" ", "")
    return domain, ""


def spf(domain: str, names: Names) -> Iterator[Finding]:
    """By an API the provider's own domain stands on the envelope; by SMTP ours."""
    by_smtp = providers.current().transport is Transport.SMTP
    at = domain_of(settings.RETURN_PATH) or domain if by_smtp else domain
    records = names.texts(at, "v=spf1")
    if not records:
        todo = f"TXT {at} “v=spf1 …”, as your mail provider has it"
        yield (wrong if by_smtp else warning)(f"{at} has no SPF.", todo)
    elif len(records) > 1:
        yield wrong(
            f"{at} has {len(records)} SPF records: receivers read none.", "make one of them"
        )
    elif not re.search(r"[~-]all\b|redirect=", records[0]):
        yield warning(f"SPF of {at} lets anybody send.", "end it with “~all”")
    elif lookups(records[0], names) > MOST_LOOKUPS:
        words = f"SPF of {at} takes more than {MOST_LOOKUPS} look-ups: receivers read none."
        yield wrong(words, "fewer “include:”")
    else:
        yield ok(f"{at} has SPF.")


def lookups(record: str, names: Names) -> int:
    """How many it takes to read it; when there are too many, some of them."""
    count, unread = 0, [record]
    while unread and count <= MOST_LOOKUPS:
        terms = [one for one in unread.pop().lower().split() if COSTS_A_LOOKUP.match(one)]
        count += len(terms)
        for found in filter(None, map(LEADS_ON.match, terms[:MOST_LOOKUPS])):
            unread += names.texts(found[1] or found[2], "v=spf1")[:1]
    return count


def dkim(domain: str, top: str, strict: bool, names: Names) -> Iterator[Finding]:
    """A key at the domain, or at one above it with the same policy."""
    wanted = settings.DKIM_SELECTORS or SELECTORS.get(settings.MAIL_PROVIDER, [])
    signer = domain_of(settings.ANYMAIL.get("MAILGUN_SENDER_DOMAIN", "")) or domain
    places = [signer]
    while signer != top and signer.endswith(f".{top}"):
        signer = signer.partition(".")[2]
        places.append(signer)
    todo = "publish the keys that your mail provider shows"
    for place in places:
        keys = {one: names.texts(f"{one}._domainkey.{place}") for one in wanted}
        good = [one for one, found in keys.items() if re.search(r"p=\s*\S{20}", "\n".join(found))]
        if good and strict and place != domain:
            words = f"{place} signs, and DMARC of {domain} takes its own signature only (adkim=s)."
            yield wrong(words, f"sign as {domain}, or leave adkim out")
            return
        if good:
            yield ok(f"{place} has a DKIM key ({', '.join(good)}): DMARC holds by it.")
            return
    if settings.DKIM_SELECTORS:
        yield wrong(f"There is no DKIM key at {', '.join(keys)} ._domainkey.{places[0]}.", todo)
    elif not any(names.is_there(f"_domainkey.{place}") for place in places):
        yield wrong(f"{domain} has no DKIM key at all.", todo)
    else:
        words = f"{domain} may have a DKIM key, under a name that is not known here."
        yield unknown(words, "DKIM_SELECTORS= the names that your mail provider shows")


def dmarc(domain: str, top: str, policy: str) -> Iterator[Finding]:
    if not policy:
        words = f"{domain} has no DMARC: large mail providers refuse newsletters without."
        todo = f"TXT _dmarc.{domain} “v=DMARC1; p=none”, and p=quarantine after some weeks"
        yield wrong(words, todo)
        return
    below = re.search(r"\bsp=(\w+)", policy) if top != domain else None
    asked = below or re.search(r"\bp=(\w+)", policy)
    if asked and asked[1] in ("quarantine", "reject"):
        yield ok(f"DMARC of {top} says {asked[1]}.")
    else:
        words = f"DMARC of {top} lets others write in the name of {domain}."
        yield warning(words, "p=quarantine, once all that you send is signed")


def way_back(domain: str, top: str, names: Names) -> Iterator[Finding]:
    """Bounces and answers arrive; and the envelope goes with what readers see."""
    back = domain_of(settings.RETURN_PATH) if settings.LEAVE_BY_MAIL else ""
    if back and not names.takes_mail(back):
        yield wrong(f"{back} takes no mail: bounces get lost.", f"MX {back}, RETURN_PATH")
    if not names.takes_mail(domain):
        yield warning(f"{domain} takes no mail: readers' answers get lost.", f"MX {domain}")
    by_smtp = providers.current().transport is Transport.SMTP
    if back and by_smtp and back != domain and policy_of(back, names)[0] != top:
        words = f"SPF of {back} says nothing for {domain}: DMARC hangs on DKIM alone."
        yield warning(words, f"a RETURN_PATH at or below {top}")
