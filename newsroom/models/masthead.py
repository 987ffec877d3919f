import re
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from wagtail.admin.panels import FieldPanel, MultiFieldPanel
from wagtail.contrib.settings.models import BaseGenericSetting, register_setting

from newsroom.core.uris import to_uri
from newsroom.kept_pages import noting

ORIGIN = re.compile(r"https://[a-z0-9-]+(\.[a-z0-9-]+)+(:\d{1,5})?")


LONGEST_NAME = 60


def host() -> str:
    """What a newsroom is called that has not said its name yet."""
    return settings.HOST[:LONGEST_NAME]


@register_setting(icon="openquote")
class Masthead(BaseGenericSetting):
    """Who publishes: shown in the page header, the footers and every mail."""

    name = models.CharField(max_length=LONGEST_NAME, default=host)
    motto = models.CharField(max_length=120, blank=True)
    postal_address = models.CharField(
        max_length=200,
        blank=True,
        help_text="Stands at the foot of every newsletter, as anti-spam laws demand.",
    )
    contact_email = models.EmailField(blank=True, help_text="Where readers can write to.")

    mirror = models.CharField(
        max_length=200,
        blank=True,
        verbose_name="mirror’s address",
        help_text="Where readers in whose country the site is blocked find it: “https://” and a "
        "host. It has to pass on every page and form, see docs/how-to/set-up-a-mirror.md. Readers "
        "who choose so get mails whose links lead there. Empty: there is none.",
    )

    panels = [
        MultiFieldPanel([FieldPanel("name"), FieldPanel("motto")], "Title"),
        MultiFieldPanel([FieldPanel("postal_address"), FieldPanel("contact_email")], "Contact"),
        MultiFieldPanel([FieldPanel("mirror")], "Where the site is blocked"),
    ]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def load(cls, request_or_site: Any = None) -> "Masthead":
        """One for all: whoever asks makes no difference."""
        return cls.the_one()

    @staticmethod
    @noting.remembered
    def the_one() -> "Masthead":
        found: Masthead = super(Masthead, Masthead).load()
        return found

    def clean(self) -> None:
        """As mails need it: in ASCII, without an end that would double the page's own."""
        super().clean()
        self.mirror = to_uri(self.mirror).rstrip("/").lower()
        if not self.mirror:
            return
        if not ORIGIN.fullmatch(self.mirror):
            raise ValidationError({"mirror": "“https://” and a host, without a path."})
        host = urlsplit(self.mirror).hostname
        if host == urlsplit(settings.MEDIA_ORIGIN).hostname:
            raise ValidationError({"mirror": "Only uploads are there. A mirror has another host."})
        if host == urlsplit(settings.BASE_URL).hostname:
            raise ValidationError({"mirror": "This is the site itself. A mirror has another host."})
