"""From a template to a mail: MJML -> HTML with its styles inlined, and a text part by hand."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from string import Formatter
from typing import Any

import css_inline
from anymail.message import AnymailMessage
from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.formats import date_format
from mjml import mjml2html

from newsroom.core import languages
from newsroom.core.uris import to_uri
from newsroom.mail import plain_text, providers
from newsroom.mail.catalogue import Letter, Mail, Words
from newsroom.mail.headers import named, one_line
from newsroom.mail.links import led
from newsroom.mail.look import Look
from newsroom.models import Masthead

TITLE = re.compile(r"<title>(.*?)</title>", re.S)
LABEL = re.compile(r'aria-label="[^"]*" aria-roledescription')
# Nothing is fetched while a mail is built.
INLINER = css_inline.CSSInliner(load_remote_stylesheets=False, keep_style_tags=True)


@dataclass(frozen=True)
class Rendered:
    subject: str
    html: str
    text: str


def defuse(text: str) -> str:
    """Break merge fields that an author typed, with a space of no width."""
    return providers.broken(text, providers.OPENS)


def render(template: str, context: dict[str, Any], subject: str) -> Rendered:
    """Both parts of a mail, from ``<template>.mjml`` and ``<template>.txt``, in the language that
    is spoken."""
    language = languages.spoken()
    context = {
        "masthead": Masthead.load(),
        "base_url": settings.BASE_URL,
        "subject": subject,
        "links": plain_text.Links(),
        "look": Look(),
        "language": language,
        "direction": languages.direction(language),
        **context,
    }
    mjml = render_to_string(f"{template}.mjml", context)
    # `fonts={}`: MJML would otherwise link to Google Fonts, and tell them who reads us.
    html = named_by_title(mjml2html(mjml, disable_comments=False, fonts={}))
    html = led(INLINER.inline(html), to_uri)
    text = render_to_string(f"{template}.txt", context)
    return Rendered(subject_line(subject), html, plain_text.wrap(text))


def named_by_title(html: str) -> str:
    """The mail's name for screen readers: MJML's own writes a vowel sign as “\\u{64b}”."""
    found = TITLE.search(html)
    label = found[1].replace('"', "&quot;") if found else ""
    return LABEL.sub(lambda _: f'aria-label="{label}" aria-roledescription', html, count=1)


def subject_line(subject: str) -> str:
    """On one line, since a line break would end the header, and with no merge field in it."""
    return defuse(one_line(subject))


def literal(rendered: Rendered) -> Rendered:
    """A mail to one: what looks like a merge field to who sends it was typed, by an editor in a
    title or by a donor as their name. Some providers refuse a mail with one that they don't know.
    """
    provider = providers.current()
    parts = (rendered.subject, rendered.html, rendered.text)
    return Rendered(*(providers.literal(part, provider) for part in parts))


def for_many(rendered: Rendered, each: Mapping[str, Mapping[str, str]]) -> Rendered:
    """With fields as the provider in use fills them in; to one, as they are."""
    provider = providers.current()
    parts = (rendered.subject, rendered.html, rendered.text)
    if at_once() > 1:
        return Rendered(*(providers.personal(part, provider) for part in parts))
    [mine] = each.values()
    filled = (providers.ANY_FIELD.sub(lambda found: mine[found[1]], part) for part in parts)
    return literal(Rendered(*filled))


def at_once() -> int:
    """To how many a mail with ``each`` goes in one call. To one where nobody fills in anything, or
    nobody can say afterwards whom it has reached."""
    provider = providers.current()
    alone = (providers.Settles.JOURNAL, providers.Settles.EVENT)
    return 1 if provider.settles in alone else provider.per_call


def compose(mail: Mail, letter: Letter) -> AnymailMessage:
    """One single mail, in the language of who gets it; or one to many, with what differs in it.

    Auto-Submitted (RFC 3834) keeps out-of-office replies away.
    """
    catalogue, mail = mail, letter.words or mail
    with languages.speaking(letter.language):
        about = {name: shown(value) for name, value in letter.about.items()}
        if letter.each:  # what somebody typed is no field
            about = {name: defuse(text) for name, text in about.items()}
        subject, paragraphs = worded(mail, catalogue, about)
        context = {
            "paragraphs": paragraphs,
            "url": letter.url,
            "button": filled(mail.button, about),
            "small": filled(mail.small, about),
            "links_at_foot": letter.links,
            "look": letter.look,
            **letter.context,
        }
        rendered = render(mail.template, context, letter.subject or subject)
        rendered = for_many(rendered, letter.each) if letter.each else literal(rendered)
    to = [letter.to] if isinstance(letter.to, str) else list(letter.to)
    message = message_of(
        rendered,
        letter.sender or sender(),
        to,
        {"Auto-Submitted": "auto-generated", **letter.headers},
    )
    if letter.each and at_once() > 1:
        message.merge_data = {email: dict(values) for email, values in letter.each.items()}
    return message


def message_of(
    rendered: Rendered,
    by: str,
    to: list[str],
    headers: dict[str, str] | None = None,
    reply_to: str = "",
) -> AnymailMessage:
    """The one shape of all that we send by Anymail: its subject on one line, both parts."""
    message = AnymailMessage(
        subject=subject_line(rendered.subject),
        body=rendered.text,
        from_email=by,
        to=to,
        reply_to=[reply_to] if reply_to else None,
        headers=headers,
    )
    message.attach_alternative(rendered.html, "text/html")
    return message


def shown(value: Any) -> str:
    """A value as its reader's language writes it. An address stays as it is: mail programs make it
    a link, and would take a mark at its end for a part of it. Of several, all."""
    if isinstance(value, list):
        return languages.listed(value)
    if isinstance(value, datetime):
        value = timezone.localtime(value)
    if isinstance(value, date):
        return date_format(value)
    text = str(value)
    return text if text.startswith(f"{settings.BASE_URL}/") else languages.apart(text)


def filled(words: Words, about: dict[str, str]) -> str:
    """With what they name; “” when something of that is empty."""
    named = [name for _, name, _, _ in Formatter().parse(str(words)) if name]
    return str(words).format(**about) if all(about[name] for name in named) else ""


def worded(mail: Mail, catalogue: Mail, about: dict[str, str]) -> tuple[str, list[str]]:
    """Its subject and paragraphs; the catalogue's where they name nothing but what is empty, say
    the latest issue before there is one."""

    def paragraphs(one: Mail) -> list[str]:
        return [text for words in one.paragraphs if (text := filled(words, about))]

    subject = filled(mail.subject, about) or filled(catalogue.subject, about)
    return subject, paragraphs(mail) or paragraphs(catalogue)


def sender() -> str:
    """Who signs transactional mail: the newsroom's name at the configured address."""
    address = settings.DEFAULT_FROM_EMAIL.rpartition("<")[2].rstrip(">")
    return named(Masthead.load().name, address)
