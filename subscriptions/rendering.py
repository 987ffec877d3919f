"""From a template to a mail: MJML -> HTML with its styles inlined, and a text part by hand.

An issue is rendered once per mailing. What differs between readers stands in it as merge
fields, which the provider fills in; nothing that an author typed can become one.
"""

import re
import secrets
from dataclasses import dataclass
from email.utils import formataddr
from typing import Any

import css_inline
from anymail.message import AnymailMessage
from django.conf import settings
from django.template.loader import get_template, render_to_string
from django.utils import timezone, translation
from mjml import mjml2html

from newsroom.models import Masthead
from subscriptions import plain_text, providers
from subscriptions.models import IssuePage, Newsletter
from subscriptions.words import RIGHT_TO_LEFT, WORDS

# Where each reader's own links differ; ``providers`` writes the fields as the provider wants them.
PERSONAL_LINKS = {
    name: f"{settings.BASE_URL}/newsletter/{name}/{providers.FIELD.format(name)}/"
    for name in providers.FIELDS
}
FOREIGN_FIELD = re.compile(r"%(recipient[._])", re.IGNORECASE)

# Nothing is fetched while a mail is built.
INLINER = css_inline.CSSInliner(load_remote_stylesheets=False, keep_style_tags=True)


class Unsendable(Exception):
    """The issue can't go out as it is; the message tells an editor what to do."""


@dataclass(frozen=True)
class Rendered:
    subject: str
    html: str
    text: str


def render_issue(issue: IssuePage) -> Rendered:
    """The issue as it goes to everyone, merge fields in place of what is personal."""
    # Rendered with unguessable stand-ins first: a «%recipient.…%» found afterwards was typed
    # by somebody, and is defused.
    nonce = secrets.token_hex(8)
    stand_ins = {name: f"https://{nonce}-{name}.invalid/" for name in PERSONAL_LINKS}
    newsletter = issue.newsletter
    context = {
        "issue": issue,
        "newsletter": newsletter,
        "look": newsletter,
        "web_url": issue.full_url or settings.BASE_URL,
        **stand_ins,
    }
    with translation.override(newsletter.language), timezone.override(newsletter.zone):
        rendered = render("issue", context, issue.subject)
    return Rendered(
        subject=rendered.subject,
        html=put_personal_links(rendered.html, stand_ins),
        text=put_personal_links(rendered.text, stand_ins),
    )


def check(rendered: Rendered, provider: providers.Provider) -> None:
    """Raises Unsendable for what this provider would not take, or no reader should get."""
    size = sum(len(part.encode()) for part in (rendered.subject, rendered.html, rendered.text))
    if size > provider.most_bytes:
        raise Unsendable(
            f"The issue is {size / 1e6:,.1f} MB; {provider.name} takes at most "
            f"{provider.most_bytes / 1e6:g} MB. Take something out."
        )
    for part, name in ((rendered.html, "HTML"), (rendered.text, "text")):
        if PERSONAL_LINKS["unsubscribe"] not in part:
            raise Unsendable(f"The template's {name} part has no unsubscribe link.")
    for suffix in ("mjml", "txt"):
        source = get_template(f"email/issue.{suffix}").template.source  # type: ignore[attr-defined]
        if unknown := providers.ANY_FIELD.search(source):  # readers would get it as it stands
            raise Unsendable(f"email/issue.{suffix} has an unknown merge field: {unknown[0]}")


def put_personal_links(body: str, stand_ins: dict[str, str]) -> str:
    body = defuse(body)
    for name, stand_in in stand_ins.items():
        body = body.replace(stand_in, PERSONAL_LINKS[name])
    return body


def defuse(text: str) -> str:
    """Break merge fields that an author typed, with a space of no width."""
    return FOREIGN_FIELD.sub("%\u200b\\1", text)


def for_display(body: str) -> str:
    """A preview or the web: the personal links lead nowhere."""
    for link in PERSONAL_LINKS.values():
        body = body.replace(link, "#")
    return body


def render(name: str, context: dict[str, Any], subject: str) -> Rendered:
    """Both parts of ``templates/email/<name>.mjml`` and ``.txt``."""
    context = {
        "masthead": Masthead.load(),
        "base_url": settings.BASE_URL,
        "subject": subject,
        "links": plain_text.Links(),
        "look": Newsletter(),  # its colours and language as a new one has them
        **context,
    }
    language = context["look"].language
    context["words"] = WORDS[language]
    context["direction"] = "rtl" if language in RIGHT_TO_LEFT else "ltr"
    mjml = render_to_string(f"email/{name}.mjml", context)
    # `fonts={}`: MJML would otherwise link to Google Fonts, and tell them who reads us.
    html = INLINER.inline(mjml2html(mjml, disable_comments=False, fonts={}))
    text = render_to_string(f"email/{name}.txt", context)
    return Rendered(subject_line(subject), html, plain_text.wrap(text))


def subject_line(subject: str) -> str:
    """On one line, since a line break would end the header, and with no merge field in it."""
    return defuse(" ".join(subject.split()))


def compose(name: str, context: dict[str, Any], subject: str, to: str) -> AnymailMessage:
    """One transactional mail. Auto-Submitted (RFC 3834) keeps out-of-office replies away."""
    rendered = render(name, context, subject)
    message = AnymailMessage(
        subject=rendered.subject,
        body=rendered.text,
        from_email=sender(),
        to=[to],
        headers={"Auto-Submitted": "auto-generated"},
    )
    message.attach_alternative(rendered.html, "text/html")
    return message


def sender() -> str:
    """Who signs transactional mail: the newsroom's name at the configured address."""
    address = settings.DEFAULT_FROM_EMAIL.rpartition("<")[2].rstrip(">")
    return formataddr((Masthead.load().name, address))


def absolute_links(html: str) -> str:
    return re.sub(r'(href|src)="/', rf'\1="{settings.BASE_URL}/', html)
