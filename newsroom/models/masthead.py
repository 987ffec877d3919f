from django.db import models
from wagtail.admin.panels import FieldPanel, MultiFieldPanel
from wagtail.contrib.settings.models import BaseGenericSetting, register_setting


@register_setting(icon="openquote")
class Masthead(BaseGenericSetting):
    """Who publishes: shown in the page header, the footers and every mail."""

    name = models.CharField(max_length=60, default="The Meridian")
    motto = models.CharField(max_length=120, blank=True)
    postal_address = models.CharField(
        max_length=200,
        blank=True,
        help_text="Stands at the foot of every newsletter, as anti-spam laws demand.",
    )
    contact_email = models.EmailField(blank=True, help_text="Where readers can write to.")

    panels = [
        MultiFieldPanel([FieldPanel("name"), FieldPanel("motto")], "Title"),
        MultiFieldPanel([FieldPanel("postal_address"), FieldPanel("contact_email")], "Contact"),
    ]

    def __str__(self) -> str:
        return self.name
