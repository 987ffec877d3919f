"""Words that editors choose: what stands on a statement, and in the subject of a mail."""

from typing import Any

from django.core.validators import MaxValueValidator, RegexValidator
from django.db import models
from wagtail.admin.panels import FieldPanel, MultiFieldPanel
from wagtail.contrib.settings.models import BaseGenericSetting, register_setting

from newsroom.core.jobs import after_commit


def subject(when: str) -> models.CharField:
    return models.CharField(max_length=78, blank=True, help_text=when)


@register_setting(icon="pick")
class GivingWords(BaseGenericSetting):
    """Neutral by default: a bank statement, a lock screen or a shared inbox must not tell that
    somebody gives, nor to whom."""

    statement_descriptor = models.CharField(
        max_length=12,
        blank=True,
        validators=[
            RegexValidator(
                r"^(?=.*[A-Za-z])[A-Za-z0-9 .\-]{2,12}$",
                "2 to 12 letters, digits, spaces, dots or hyphens, one letter at least.",
            )
        ],
        help_text="Ends the line on a donor's card statement, after the account's own prefix "
        "(Stripe: “Statement descriptors”). Empty: the account's own.",
    )
    thanks = subject("A contribution has arrived.")
    reminder = subject("“Remind me later”.")
    manage_link = subject("To the donor's own page.")
    recovery = subject("Stripe's page was left; they agreed to be asked.")
    payment_failed = subject("The first failed attempt.")
    last_call = subject("The last but one.")
    action_required = subject("A renewal needs the donor's yes.")
    recurring_ended = subject("A recurring contribution has ended.")
    card_expiring = subject("A month before.")

    renewal = subject("Before what is given each year renews.")
    days_before_renewal = models.PositiveSmallIntegerField(
        default=14,
        validators=[MaxValueValidator(30)],
        help_text="A notice before what is given each year is charged again: 30 at most. 0: none.",
    )

    panels = [
        FieldPanel("statement_descriptor"),
        FieldPanel("days_before_renewal"),
        MultiFieldPanel(
            [
                FieldPanel(name)
                for name in (
                    "thanks", "reminder", "manage_link", "recovery", "payment_failed",
                    "last_call", "action_required", "recurring_ended", "card_expiring",
                    "renewal",
                )
            ],
            "Subjects of mails",
            help_text="For every language. Empty: a neutral one in the donor’s.",
        ),
    ]  # fmt: skip

    class Meta:
        verbose_name = "wording of giving"

    def save(self, *args: Any, **kwargs: Any) -> None:
        made_by_reading = self._state.adding and not self.statement_descriptor
        super().save(*args, **kwargs)
        if not made_by_reading:
            after_commit("donations.tasks.put_products")

    def __str__(self) -> str:
        return "wording of giving"
