"""Editors' words in place of the catalogue's, of one newsletter in one language."""

import re
from collections.abc import Mapping
from dataclasses import replace
from string import Formatter

from django.core.exceptions import ValidationError
from django.db import models
from modelcluster.fields import ParentalKey
from wagtail.admin.panels import FieldPanel, FieldRowPanel
from wagtail.models import Orderable

from newsroom.core import languages
from newsroom.mail.catalogue import Mail
from subscriptions.models.newsletter import Newsletter

ABOUT = ("newsletter", "rhythm", "latest")
EMPTY_LINE = re.compile(r"\n\s*\n")  # browsers send "\r\n"


class NewsletterWords(Orderable):
    """Of one mail, and of the page that goes with it. What is empty is said as everywhere, in the
    catalogue's words."""

    class About(models.TextChoices):
        CONFIRM = "confirm", "Please confirm; page: check your inbox"
        WELCOME = "welcome", "Welcome; page: you are subscribed"
        ALREADY = "already_subscribed", "Already subscribed; no page"
        LEFT = "unsubscribed", "Goodbye; page: you are unsubscribed"
        STILL = "still_reading", "Still reading?; page: the question"

    # What the mails can name; pages name the newsletter.
    NAMES: Mapping[str, tuple[str, ...]] = {
        About.CONFIRM: ABOUT[:1],
        About.WELCOME: ABOUT,
        About.ALREADY: ABOUT,
        About.LEFT: ABOUT[:1],
        About.STILL: (*ABOUT[:1], "day"),
    }

    newsletter = ParentalKey(Newsletter, on_delete=models.CASCADE, related_name="words")
    about = models.CharField(max_length=20, choices=About)
    language = models.CharField(max_length=2, choices=languages.CHOICES, default="en")
    subject = models.CharField(max_length=150, blank=True)
    text = models.TextField(
        max_length=2000,
        blank=True,
        help_text="Of the mail: plain, an empty line between paragraphs. {newsletter} is its name, "
        "{rhythm} when it comes, {latest} its latest issue (those two: if they are on the list), "
        "{day} until when they have time (“Still reading?”).",
    )
    page = models.TextField(max_length=600, blank=True, help_text="On the page. {newsletter}")

    panels = [
        FieldRowPanel([FieldPanel("about"), FieldPanel("language")]),
        FieldPanel("subject"),
        FieldPanel("text"),
        FieldPanel("page"),
    ]

    class Meta(Orderable.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["newsletter", "about", "language"], name="words_said_once"
            )
        ]

    def clean(self) -> None:
        names = self.NAMES.get(self.about, ABOUT[:1])
        allowed = {"subject": names, "text": names, "page": ABOUT[:1]}
        wrong = {
            field: problem
            for field, known in allowed.items()
            if (problem := wrong_names(getattr(self, field), known))
        }
        if wrong:
            raise ValidationError(wrong)

    def instead_of(self, mail: Mail) -> Mail:
        paragraphs = [part.strip() for part in EMPTY_LINE.split(self.text) if part.strip()]
        return replace(
            mail,
            subject=self.subject or mail.subject,
            paragraphs=paragraphs or mail.paragraphs,
        )

    def on_page(self) -> str:
        return self.page.format(newsletter=languages.apart(self.newsletter.title))


def wrong_names(text: str, known: tuple[str, ...]) -> str:
    """What can't be said in these braces; “” if nothing is wrong."""
    shown = ", ".join(f"{{{name}}}" for name in known)
    try:
        parts = list(Formatter().parse(text))
    except ValueError:
        return f"There is a brace alone. What you can name here: {shown}."
    for _, name, form, conversion in parts:
        if name is not None and (name not in known or form or conversion):
            return f"“{{{name}}}” is unknown here. What you can name: {shown}."
    return ""
