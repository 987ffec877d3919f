"""When something has to be looked at, and when by two people."""

from typing import Any
from uuid import uuid4

from django.core.validators import MinValueValidator
from django.db import models, transaction
from wagtail.admin.forms import WagtailAdminModelForm
from wagtail.admin.panels import FieldPanel, HelpPanel, MultiFieldPanel
from wagtail.contrib.settings.models import BaseGenericSetting, register_setting

from donations import money
from newsroom.core.database import one_at_a_time

from .review import Review, ReviewQuerySet

DOLLARS, CENTS = "usd", 100
LOCK = int.from_bytes(b"rules")  # of one_at_a_time


class RulesForm(WagtailAdminModelForm):
    """Who asks for a higher limit could be alone with it at once. So it counts when another person
    who may change the rules approves, in a review of its own; a lower one counts at once."""

    def save(self, commit: bool = True) -> Any:
        wanted = self.cleaned_data["two_people_above"]
        with transaction.atomic():
            one_at_a_time(LOCK)
            list(asked().select_for_update())  # a review before the rules, as who approves it
            now = ReviewRules.objects.select_for_update().get(pk=self.instance.pk)
            if "two_people_above" not in self.changed_data:
                self.instance.two_people_above = now.two_people_above
            elif wanted > now.two_people_above:
                self.instance.two_people_above = now.two_people_above
                now.ask_for(wanted, self.for_user)
            else:
                settle_asked("A lower limit was set.")
            return super().save(commit)


def asked() -> ReviewQuerySet:
    """Higher limits that wait for a second person: one at most."""
    return Review.objects.waiting().filter(kind=Review.Kind.LIMIT)


def settle_asked(words: str) -> None:
    for review in asked():
        Review.settle(Review.Kind.LIMIT, review.about, words)


@register_setting(icon="warning")
class ReviewRules(BaseGenericSetting):
    """Amounts are in dollars, or about as much in another currency (donations/money.py, worth)."""

    two_people_above = models.PositiveIntegerField(
        default=100,
        help_text="Who decides about more than this needs a second person: a review of so much, "
        "what goes back of one contribution, or what one officer has given back within a day. "
        "Lower counts at once; higher when another person approves it, under “Review”.",
    )
    large_from = models.PositiveIntegerField(
        default=0,
        help_text="A contribution of so much is looked at. 0: by your own history, see below.",
    )
    large_times = models.PositiveSmallIntegerField(
        default=3,
        validators=[MinValueValidator(1)],
        help_text="So many times what 995 of 1,000 contributions of the last year stayed below, "
        "in the same currency …",
    )
    large_floor = models.PositiveIntegerField(default=500, help_text="… and never less than this.")
    many_small = models.PositiveSmallIntegerField(
        default=10,
        help_text="So many small contributions from one network within a day are looked at. 0: "
        "never.",
    )
    small_up_to = models.PositiveIntegerField(default=10, help_text="Small is up to this.")

    base_form_class = RulesForm
    panels = [
        HelpPanel(template="donations/finance/review/limit_asked.html"),
        FieldPanel("two_people_above"),
        MultiFieldPanel(
            [FieldPanel("large_from"), FieldPanel("large_times"), FieldPanel("large_floor")],
            "Unusually large",
        ),
        MultiFieldPanel([FieldPanel("many_small"), FieldPanel("small_up_to")], "Many small ones"),
    ]

    class Meta:
        verbose_name = "rules of review"

    def __str__(self) -> str:
        return "rules of review"

    def asked(self) -> Review | None:
        """For the page of the rules."""
        return asked().first()

    def ask_for(self, limit: int, by: Any) -> None:
        """The same once more changes nothing; another takes the place of the one before."""
        wanted, waiting = limit * CENTS, self.asked()
        if waiting and (waiting.amount, waiting.proposed_by_id) == (wanted, by.pk):
            return
        settle_asked("Another limit was asked for.")
        now = money.show(self.two_people_above * CENTS, DOLLARS)
        Review.open(
            Review.Kind.LIMIT,
            uuid4().hex,
            f"Who decides about more needs a second person: {money.show(wanted, DOLLARS)} instead "
            f"of {now}.",
            amount=wanted,
            currency=DOLLARS,
            status=Review.Status.PROPOSED,
            choice=Review.Choice.ACCEPT,
            proposed_by=by,
        )

    @classmethod
    def set_limit(cls, review: Review) -> None:
        """What that review asked for, and another person has approved."""
        assert review.amount is not None
        cls.objects.update(two_people_above=review.amount // CENTS)
