"""From an approval to a frozen mailing: what goes out, to whom, and who has it first.

Approve, schedule, freeze. The freeze fixes content and audience in one transaction; from then on
engine.py sends it.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Sum

from newsroom.mail import providers
from newsroom.mail.compose import subject_line
from subscriptions.issues import rendering
from subscriptions.models import Batch, IssuePage, Mailing
from subscriptions.readers.audience import audience_of
from subscriptions.sending import counted_links


def approve(issue: IssuePage, user: Any, send_at: datetime | None = None) -> Mailing:
    """Approve the issue's newest revision, and schedule it if ``send_at`` says for when. Raises
    IntegrityError if it is approved already."""
    with transaction.atomic():
        # Whoever saves waits, and then finds that this revision is kept.
        issue = IssuePage.objects.select_for_update(of=("self",)).get(pk=issue.pk)
        mailing = Mailing.objects.create(
            issue=issue,
            newsletter=issue.newsletter,
            revision=issue.latest_revision or issue.save_revision(user=user),
            approved_by=user,
        )
    if send_at:
        schedule(mailing, send_at)
    return mailing


def schedule(mailing: Mailing, send_at: datetime) -> bool:
    """Send it then; also moves it to another hour. False once it is frozen or cancelled."""
    not_after = send_at + mailing.newsletter.grace
    return mailing.move(Mailing.Status.SCHEDULED, send_at=send_at, not_after=not_after, problem="")


# The first batches are the canary (the seed list and a sample) or the sample of a subject test,
# an equal part for each subject; the rest follows in the order of ids.
FREEZE = """
    WITH audience AS MATERIALIZED ({audience}),
    sample AS MATERIALIZED (
        SELECT subscriber_id, 0 AS variant FROM audience WHERE seed AND %s > 0
        UNION ALL
        SELECT subscriber_id, (row_number() OVER (ORDER BY dice, subscriber_id) - 1)::int %% %s
        FROM (
            SELECT subscriber_id, hashint8extended(subscriber_id, %s) AS dice
            FROM audience WHERE NOT seed ORDER BY dice, subscriber_id LIMIT %s
        ) thrown
    )
    INSERT INTO subscriptions_batch
        (id, mailing_id, seq, variant, subscriber_ids, size, next_try_at)
    SELECT gen_random_uuid(), %s, row_number() OVER (ORDER BY late, variant, chunk) - 1,
           CASE WHEN %s > 1 THEN variant END, ids, size, CASE WHEN late THEN %s ELSE %s END
    FROM (
        SELECT false AS late, variant, chunk, count(*) AS size,
               array_agg(subscriber_id ORDER BY subscriber_id) AS ids
        FROM (
            SELECT subscriber_id, variant,
                   (row_number() OVER (PARTITION BY variant ORDER BY subscriber_id) - 1) / %s
                       AS chunk
            FROM sample
        ) first GROUP BY variant, chunk
        UNION ALL
        SELECT true, NULL, chunk, count(*), array_agg(subscriber_id ORDER BY subscriber_id)
        FROM (
            SELECT a.subscriber_id,
                   (row_number() OVER (ORDER BY a.subscriber_id) - 1) / %s AS chunk
            FROM audience a
            WHERE NOT EXISTS (SELECT 1 FROM sample s WHERE s.subscriber_id = a.subscriber_id)
        ) rest GROUP BY chunk
    ) parts
"""


def freeze(mailing: Mailing, now: datetime) -> bool:
    """Fix content and audience in one transaction, and publish the web version with it.

    True for the one caller who did it. Dies half-way: rolled back, done again at the next beat.
    """
    with transaction.atomic():
        mailing = Mailing.objects.select_for_update(of=("self",)).get(pk=mailing.pk)
        if not mailing.is_due(now):
            return False
        issue = mailing.revision.as_object()
        if issue.is_empty:  # withdrawn since the approval
            raise rendering.Unsendable("Nothing of it is published any more.")
        rendered = rendering.render_issue(issue)
        rendering.check(rendered, providers.current())
        sample = _sample(mailing, issue, now)
        audience = _make_batches(mailing, sample, now)
        html = counted_links.count_in(rendered.html, mailing, issue, variants=len(sample.subjects))
        mailing.revision.content["go_live_at"] = None  # its mails link to it from now on
        if issue.expire_at and issue.expire_at <= now:  # it goes later than was thought
            mailing.revision.content["expire_at"] = None
        mailing.revision.publish()
        return mailing.move(
            Mailing.Status.SENDING,
            subject=rendered.subject,
            subjects=sample.subjects,
            html=html,
            text=rendered.text,
            audience=audience,
            frozen_at=now,
            rest_at=sample.rest_at,
            not_after=(sample.rest_at or now) + mailing.newsletter.grace,
            problem="",
        )


@dataclass(frozen=True)
class Sample:
    """Who has it first: how many readers, until when the rest waits, which subjects are tried."""

    readers: int = 0
    rest_at: datetime | None = None
    subjects: list[str] = field(default_factory=list)


def _sample(mailing: Mailing, issue: IssuePage, now: datetime) -> Sample:
    newsletter = mailing.newsletter
    subjects = [subject_line(subject) for subject in issue.subjects]
    if len(subjects) == 1 and not newsletter.canary_minutes:
        return Sample()
    audience = audience_of(newsletter).count()
    readers = audience * issue.sample_percent // 100
    if 1 < len(subjects) <= readers:
        return Sample(readers, now + timedelta(minutes=issue.test_minutes), subjects)
    if not newsletter.canary_minutes or audience < 5 * newsletter.CANARY:
        return Sample()
    return Sample(newsletter.CANARY, now + timedelta(minutes=newsletter.canary_minutes))


def _make_batches(mailing: Mailing, sample: Sample, now: datetime) -> int:
    """How many readers they hold."""
    readers, values = (
        audience_of(mailing.newsletter).values_list("subscriber_id", "seed").query.sql_with_params()
    )
    variants, size = max(len(sample.subjects), 1), providers.current().per_call
    values += (
        sample.readers, variants, mailing.pk, sample.readers, mailing.pk,
        variants, sample.rest_at or now, now, size, size,
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(FREEZE.format(audience=readers), values)
    made = mailing.batches.aggregate(readers=Sum("size", default=0))
    return int(made["readers"])


def choose_subject(mailing: Mailing, place: int, because: str, now: datetime) -> bool:
    """End a subject test: the rest goes out with that subject. One winner, however many ask."""
    undecided = Mailing.objects.filter(
        pk=mailing.pk, chosen=None, subjects__len__gt=place, status__in=Mailing.UNDER_WAY
    )
    with transaction.atomic():
        subject = mailing.subjects[place]
        decided = {"chosen": place, "subject": subject, "chosen_because": because[:300]}
        if not undecided.update(rest_at=now, **decided):
            return False
        mailing.batches.filter(status=Batch.Status.PENDING, variant=None).update(next_try_at=now)
    return True
