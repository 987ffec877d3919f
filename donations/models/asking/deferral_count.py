"""What “later” is worth: numbers without anybody's name, which stay when the deferrals are gone."""

from collections.abc import Mapping
from dataclasses import astuple, dataclass
from datetime import date

from django.db import connection, models

from newsroom.core.clock import month_of

ADD = """
    INSERT INTO donations_deferralcount AS there
        (month, choice, outcome, weeks, frequency, currency, variant, number, amount)
    SELECT * FROM unnest(
        %s::date[], %s::text[], %s::text[], %s::int[], %s::text[], %s::text[], %s::bigint[],
        %s::int[], %s::bigint[]
    ) AS added (month, choice, outcome, weeks, frequency, currency, variant, number, amount)
    ORDER BY month, choice, outcome, weeks, frequency, currency, variant
    ON CONFLICT (month, choice, outcome, weeks, frequency, currency, variant) DO UPDATE
    SET number = there.number + excluded.number, amount = there.amount + excluded.amount
"""


class Outcome(models.TextChoices):
    """What was seen of a deferral. Each is counted once."""

    COOKIE = "cookie", "Said “later” and left no address"
    ASKED = "asked", "Left an address"
    CONFIRMED = "confirmed", "Confirmed it"
    REMINDED = "reminded", "Were reminded"
    AGAIN = "again", "Asked for another month"
    GAVE = "gave", "Gave after a reminder"
    EARLY = "early", "Gave before it"
    CANCELLED = "cancelled", "Wanted no more reminders"
    LAPSED = "lapsed", "Let it pass"


@dataclass(frozen=True, order=True)
class Tally:
    """One row's key: of which month the wish was, which choice, what came of it; of a gift also
    how many weeks after the wish, and what; and which variant of an experiment they were shown when
    they wished."""

    month: date
    choice: str
    outcome: str
    weeks: int = 0
    frequency: str = ""
    currency: str = ""
    variant: int = 0

    @classmethod
    def of(cls, wished_on: date, choice: str, outcome: str, **more: int | str) -> "Tally":
        return cls(month_of(wished_on), choice, outcome, **more)  # type: ignore[arg-type]


class DeferralCount(models.Model):
    """How many. By months, and with no key to any other table."""

    month = models.DateField()
    choice = models.CharField(max_length=12)
    outcome = models.CharField(max_length=10, choices=Outcome)
    weeks = models.PositiveSmallIntegerField(default=0)
    frequency = models.CharField(max_length=8, blank=True)
    currency = models.CharField(max_length=3, blank=True)
    variant = models.BigIntegerField(default=0)
    number = models.PositiveIntegerField(default=0)
    amount = models.PositiveBigIntegerField(default=0, help_text="Of what was given, together.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["month", "choice", "outcome", "weeks", "frequency", "currency", "variant"],
                name="one_count_of_deferrals",
            )
        ]
        verbose_name = "count of deferrals"

    def __str__(self) -> str:
        return f"{self.number} {self.outcome}"

    @staticmethod
    def add(counted: Mapping[Tally, int], amount: int = 0) -> None:
        """In the transaction that has done it. Whoever adds to the same rows waits for its end."""
        if not counted:
            return
        rows = [(*astuple(tally), number, amount) for tally, number in sorted(counted.items())]
        with connection.cursor() as cursor:
            cursor.execute(ADD, [list(column) for column in zip(*rows, strict=True)])
