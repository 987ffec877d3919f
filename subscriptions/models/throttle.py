"""How fast we hand mail to a provider: a token bucket, and the plan that warms up a new sender."""

from datetime import UTC, date, datetime, time, timedelta

from django.core.validators import MinValueValidator
from django.db import models
from django.utils import timezone

# A sender nobody knows begins small. Grows from FIRST_DAY to LAST_DAY in equal ratios.
WARM_UP_DAYS = 42
FIRST_DAY, LAST_DAY = 200, 200_000

RECOVERY_A_MINUTE = 1.1
WATCHED = timedelta(seconds=10)  # over which the present speed is measured


class Throttle(models.Model):
    """One provider's bucket. The row is locked while a batch is claimed, so every worker on every
    machine draws from the same one.

    A bucket may go into debt by one batch: the next waits until it is paid back. That keeps the
    rate exact whatever the size of a batch.
    """

    provider = models.CharField(max_length=40, primary_key=True)
    most_per_second = models.PositiveIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1)],
        help_text="Readers a second at most. Empty: as fast as the provider takes it.",
    )  # fmt: skip
    warm_up_from = models.DateField(
        null=True, blank=True,
        help_text="The first day of the warm-up plan of a new sending domain. Empty: no plan.",
    )  # fmt: skip
    rate = models.FloatField(null=True)  # after a 429, until it has recovered; readers/s
    rate_before = models.FloatField(null=True)
    slowed_at = models.DateTimeField(null=True)
    closed_until = models.DateTimeField(null=True)
    tokens = models.FloatField(default=0)
    filled_at = models.DateTimeField(default=timezone.now)
    watched_from = models.DateTimeField(default=timezone.now)
    watched = models.PositiveIntegerField(default=0)
    day = models.DateField(null=True)
    sent_on_day = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"throttle of {self.provider}"

    @staticmethod
    def locked(provider: str) -> "Throttle":
        """The provider's row, made on first use, locked until the transaction ends."""
        Throttle.objects.bulk_create([Throttle(provider=provider)], ignore_conflicts=True)
        return Throttle.objects.select_for_update().get(pk=provider)

    def take(self, readers: int, now: datetime) -> bool:
        """Draw ``readers`` tokens; False when the bucket is empty, closed, or the day's share is
        used up. Needs :meth:`locked`."""
        if self.closed_until and self.closed_until > now:
            return False
        share = self.share_of(now.astimezone(UTC).date())
        if self.day != now.astimezone(UTC).date():
            self.day, self.sent_on_day = now.astimezone(UTC).date(), 0
        if share is not None and self.sent_on_day + readers > share:
            return False
        rate = self.rate_at(now)
        if rate is not None:
            # At most a second's worth is saved up; a clock set back earns nothing.
            earned = max(0.0, (now - self.filled_at).total_seconds()) * rate
            self.tokens = min(self.tokens + earned, rate)
            self.filled_at = now
            if self.tokens <= 0:
                self.save(update_fields=["tokens", "filled_at"])
                return False
            self.tokens -= readers
        if not timedelta() <= now - self.watched_from < WATCHED:
            self.watched_from, self.watched = now, 0
        self.watched += readers
        self.sent_on_day += readers
        self.save()
        return True

    def left_today(self, now: datetime) -> int | None:
        """What the warm-up plan still allows today; None without a plan."""
        today = now.astimezone(UTC).date()
        share = self.share_of(today)
        if share is None:
            return None
        return max(0, share - (self.sent_on_day if self.day == today else 0))

    def share_of(self, day: date) -> int | None:
        """Readers on that day of the warm-up plan; None when there is none, or it is over."""
        if self.warm_up_from is None:
            return None
        past = max(0, (day - self.warm_up_from).days)
        if past >= WARM_UP_DAYS:
            return None
        return round(FIRST_DAY * (LAST_DAY / FIRST_DAY) ** (past / (WARM_UP_DAYS - 1)))

    def rate_at(self, now: datetime) -> float | None:
        """Readers a second now; None for no limit. A halved rate recovers by 10 % a minute."""
        if self.rate is None or self.slowed_at is None:
            return self.most_per_second
        minutes = max(0.0, (now - self.slowed_at).total_seconds()) / 60
        recovered = self.rate * RECOVERY_A_MINUTE ** min(minutes, 600)
        if self.rate_before is not None and recovered >= self.rate_before:
            return self.most_per_second
        return min(recovered, self.most_per_second or recovered)

    def speed_at(self, now: datetime) -> int:
        """Readers a second over the last seconds; 0 when none were sent to lately."""
        past = now - self.watched_from
        if not timedelta() <= past < 2 * WATCHED:
            return 0
        return round(self.watched / max(past.total_seconds(), 1))

    def slow_down(self, now: datetime, wait: timedelta) -> None:
        """The provider said “too many”: stop for ``wait``, then go on at half the speed.

        Answers to calls made before we slowed down don't halve it again.
        """
        if not (self.closed_until and self.closed_until > now):
            seconds = min(max((now - self.watched_from).total_seconds(), 1), 10)
            before = self.rate_at(now) or self.watched / seconds
            self.rate_before, self.rate = before, max(1.0, before / 2)
            self.slowed_at = self.filled_at = now
            self.tokens = min(self.tokens, 0)
        self.close(now + wait)

    def close(self, until: datetime) -> None:
        """No call before ``until``: the provider is away, or wants a pause."""
        self.closed_until = max(until, self.closed_until or until)
        self.save()


def tomorrow(now: datetime) -> datetime:
    """When the next share of a warm-up plan begins: midnight, UTC."""
    return datetime.combine(now.astimezone(UTC).date() + timedelta(days=1), time(), UTC)
