"""From a template to a mail: MJML -> HTML with its styles inlined, and a text part by hand."""

import re
from dataclasses import dataclass
from email.utils import formataddr
from typing import Any

import css_inline
from anymail.message import AnymailMessage
from django.conf import settings
from django.template.loader import render_to_string
from mjml import mjml2html

from newsroom.mail import plain_text
from newsroom.mail.look import Look
from newsroom.mail.words import RIGHT_TO_LEFT, WORDS
from newsroom.models import Masthead

FOREIGN_FIELD = re.compile(r"%(recipient[._])", re.IGNORECASE)
# Nothing is fetched while a mail is built.
INLINER = css_inline.CSSInliner(load_remote_stylesheets=False, keep_style_tags=True)


@dataclass(frozen=True)
class Rendered:
    subject: str
    html: str
    text: str


def defuse(text: str) -> str:
    """Break merge fields that an author typed, with a space of no width."""
    return FOREIGN_FIELD.sub("%\u200b\\1", text)


def render(template: str, context: dict[str, Any], subject: str) -> Rendered:
    """Both parts of a mail, from ``<template>.mjml`` and ``<template>.txt``."""
    context = {
        "masthead": Masthead.load(),
        "base_url": settings.BASE_URL,
        "subject": subject,
        "links": plain_text.Links(),
        "look": Look(),
        **context,
    }
    language = context["look"].language
    context["words"] = WORDS[language]
    context["direction"] = "rtl" if language in RIGHT_TO_LEFT else "ltr"
    mjml = render_to_string(f"{template}.mjml", context)
    # `fonts={}`: MJML would otherwise link to Google Fonts, and tell them who reads us.
    html = INLINER.inline(mjml2html(mjml, disable_comments=False, fonts={}))
    text = render_to_string(f"{template}.txt", context)
    return Rendered(subject_line(subject), html, plain_text.wrap(text))


def subject_line(subject: str) -> str:
    """On one line, since a line break would end the header, and with no merge field in it."""
    return defuse(" ".join(subject.split()))


def compose(template: str, context: dict[str, Any], subject: str, to: str) -> AnymailMessage:
    """One transactional mail; ``template`` is its path without an ending.

    Auto-Submitted (RFC 3834) keeps out-of-office replies away.
    """
    rendered = render(template, context, subject)
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
