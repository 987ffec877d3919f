"""How many readers each newsletter has: kept in the transaction that changes it, not counted."""

import logging
from datetime import date

from django.db import connection, models, transaction
from django.db.models import Count, Q, Sum

from subscriptions.models.newsletter import Newsletter

from .subscriber import Subscription

log = logging.getLogger(__name__)

FOLD = """
    WITH untidy AS (
        SELECT newsletter_id, confirmed_on FROM subscriptions_readercount
        GROUP BY newsletter_id, confirmed_on HAVING count(*) > 1 OR sum(readers) = 0
    ), taken AS (
        DELETE FROM subscriptions_readercount kept USING untidy
        WHERE kept.newsletter_id = untidy.newsletter_id
        AND kept.confirmed_on IS NOT DISTINCT FROM untidy.confirmed_on
        RETURNING kept.*
    )
    INSERT INTO subscriptions_readercount (newsletter_id, confirmed_on, readers)
    SELECT newsletter_id, confirmed_on, sum(readers) FROM taken
    GROUP BY newsletter_id, confirmed_on HAVING sum(readers) <> 0
"""
# One statement sees one state of the database, in which rows and their counts agree: it may run
# while others write.
MEND = """
    INSERT INTO subscriptions_readercount (newsletter_id, confirmed_on, readers)
    SELECT newsletter_id, confirmed_on, sum(readers) FROM (
        {counted}
        UNION ALL
        SELECT newsletter_id, confirmed_on, -readers FROM subscriptions_readercount
    ) difference
    GROUP BY newsletter_id, confirmed_on HAVING sum(readers) <> 0
    RETURNING newsletter_id, readers
"""


class ReaderCountQuerySet(models.QuerySet["ReaderCount"]):
    def of(self, newsletter: Newsletter, confirmed_until: date | None = None) -> int:
        """How many readers are mailable; of those with a day, confirmed on that one or before."""
        found = self.filter(newsletter=newsletter)
        if confirmed_until:
            found = found.filter(Q(confirmed_on__lte=confirmed_until) | Q(confirmed_on=None))
        return int(found.aggregate(readers=Sum("readers", default=0))["readers"])

    def fold(self) -> None:
        """Make one row of those that belong together. What others write meanwhile stays for the
        next time; of two who fold at once, each row is taken by one."""
        with connection.cursor() as cursor:
            cursor.execute(FOLD)

    def mend(self) -> None:
        """Count, and put right what differs, with a line in the log for each newsletter."""
        mailable = Subscription.objects.counted().order_by().values("newsletter_id")
        counted, values = (
            mailable.values_list("newsletter_id", "confirmed_on")
            .annotate(readers=Count("pk"))
            .query.sql_with_params()
        )
        wrong: dict[int, int] = {}
        with transaction.atomic(), connection.cursor() as cursor:
            # Waits for nobody but another one of these, which would add the same once more.
            cursor.execute("LOCK TABLE subscriptions_readercount IN SHARE UPDATE EXCLUSIVE MODE")
            cursor.execute(MEND.format(counted=counted), values)
            for newsletter, readers in cursor.fetchall():
                wrong[newsletter] = wrong.get(newsletter, 0) + abs(readers)
        for newsletter, readers in wrong.items():
            log.warning("newsletter %s: its kept count was wrong by %s", newsletter, readers)


class ReaderCount(models.Model):
    """By how many the mailable readers of a newsletter have changed; the sum is how many they are.

    Triggers write a row for each statement that changes a subscription or a suppression
    (``0002_kept_counts``): bulk statements, COPY and SQL by hand are counted, too, and no code can
    forget it. A row is only added, in the transaction of the change, so nobody waits for another's,
    as they would for one row with the number. A job folds the rows into one for each day.

    Only who is mailable is counted, since nobody asks for others; who has paused is not, until the
    job that ends pauses (``readers/wishes.py``) has run on their day. The day of confirmation is
    kept because a newsletter may let new readers wait (``settle_days``).

    What touches a subscription alone is exact always. A suppression that is lifted in the same
    instant in which its owner joins or leaves may be counted twice: the nightly :meth:`mend` finds
    it. Therefore what a send hangs on, the freeze and the page that asks for it, still counts.
    """

    # Not held by the database: to delete a newsletter deletes its subscriptions first, which is
    # counted; what then adds up to nothing goes at the next fold.
    newsletter = models.ForeignKey(
        Newsletter, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+"
    )
    confirmed_on = models.DateField(null=True)
    readers = models.IntegerField()

    objects = ReaderCountQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.readers:+} of newsletter {self.newsletter_id}"
