"""From an approval to a frozen mailing: what goes out, to whom, and who has it first.

Approve, schedule, freeze. The freeze fixes content and audience in one transaction; from then on
engine.py sends it.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from newsroom.hold import gate
from newsroom.mail import providers
from newsroom.mail.compose import subject_line
from newsroom.models import Masthead
from subscriptions.issues import rendering
from subscriptions.issues.rendering import TEASERS
from subscriptions.models import Batch, Edition, IssuePage, Mailing, Newsletter
from subscriptions.readers.audience import in_editions
from subscriptions.sending import counted_links, warm_up


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
            held=gate.look(),
        )
    if send_at:
        schedule(mailing, send_at)
    return mailing


def schedule(mailing: Mailing, send_at: datetime) -> bool:
    """Send it then; also moves it to another hour. False once it is frozen or cancelled."""
    not_after = send_at + mailing.newsletter.grace
    return mailing.move(Mailing.Status.SCHEDULED, send_at=send_at, not_after=not_after, problem="")


# Who gets it, as the rule has it at this moment. The table ends with the transaction.
AUDIENCE = """
    CREATE TEMP TABLE audience (subscriber_id, seed, edition, new) ON COMMIT DROP AS {audience}
"""
# The first batches are the canary (the seed list and a sample) or the sample of a subject test, an
# equal part for each subject; the rest, who have no place in the sample, follows. Last come the
# newcomers (warm_up.py), each step of theirs a sample of those who are left.
BATCHES = """
    WITH sample AS (
        SELECT subscriber_id, 0 AS place, NULL::int AS step
        FROM audience WHERE seed AND %(sample)s > 0
        UNION ALL
        SELECT subscriber_id,
               (row_number() OVER (ORDER BY dice, subscriber_id) - 1)::int %% %(subjects)s, NULL
        FROM (
            SELECT subscriber_id, hashint8extended(subscriber_id, %(mailing)s) AS dice
            FROM audience WHERE NOT seed AND NOT new ORDER BY dice, subscriber_id LIMIT %(sample)s
        ) thrown
        UNION ALL
        SELECT subscriber_id, NULL, width_bucket(row_number() OVER (
            ORDER BY hashint8extended(subscriber_id, %(mailing)s), subscriber_id
        ), %(steps)s::bigint[])
        FROM audience WHERE new
    ),
    cut AS (
        SELECT subscriber_id, place, step, edition,
               (row_number() OVER (PARTITION BY step, place, edition ORDER BY subscriber_id) - 1)
                   / %(per_call)s AS chunk
        FROM audience LEFT JOIN sample USING (subscriber_id)
    )
    INSERT INTO subscriptions_batch
        (id, mailing_id, seq, step, variant, edition, subscriber_ids, size, next_try_at)
    SELECT gen_random_uuid(), %(mailing)s,
           row_number() OVER (ORDER BY step NULLS FIRST, place NULLS LAST, edition, chunk) - 1,
           coalesce(step, 0),
           CASE WHEN %(subjects)s > 1 THEN place END, edition,
           array_agg(subscriber_id ORDER BY subscriber_id), count(*),
           CASE WHEN place IS NULL THEN %(rest_at)s ELSE %(now)s END
    FROM cut GROUP BY step, place, edition, chunk
"""


def freeze(mailing: Mailing, now: datetime) -> bool:
    """Fix content and audience in one transaction, and publish the web version with it.

    True for the one caller who did it. Dies half-way: rolled back, done again at the next beat.
    """
    gate.look()
    with transaction.atomic():
        mailing = Mailing.objects.select_for_update(of=("self",)).get(pk=mailing.pk)
        if not mailing.is_due(now):
            return False
        issue = mailing.revision.as_object()
        if issue.is_empty:  # withdrawn since the approval
            raise rendering.Unsendable("Nothing of it is published any more.")
        mirror = Masthead.load().mirror
        audience, steps, sample = _cut(mailing, issue, now, mirror)
        if issue.segment and (odd := issue.segment.stops(audience, issue.segment_readers)):
            raise rendering.Unsendable(odd)
        _render(mailing, issue, sample, mirror)
        mailing.revision.content["go_live_at"] = None  # its mails link to it from now on
        if issue.expire_at and issue.expire_at <= now:  # it goes later than was thought
            mailing.revision.content["expire_at"] = None
        mailing.revision.publish()
        return mailing.move(
            Mailing.Status.SENDING,
            subject=subject_line(issue.subject),
            subjects=sample.subjects,
            audience=audience,
            segment=issue.segment,
            steps=steps,
            frozen_at=now,
            rest_at=sample.rest_at,
            not_after=(sample.rest_at or now) + mailing.newsletter.grace,
            problem="",
        )


@dataclass(frozen=True, slots=True)
class Sample:
    """Who has it first: how many readers, until when the rest waits, which subjects are tried."""

    readers: int = 0
    rest_at: datetime | None = None
    subjects: list[str] = field(default_factory=list)


def _cut(
    mailing: Mailing, issue: IssuePage, now: datetime, mirror: str
) -> tuple[int, list[int], Sample]:
    """Look up the audience, once, and cut it into batches of one edition each. How many readers
    these hold, the steps of its newcomers, and who of the others has it first."""
    audience = in_editions(issue, bool(mirror)).values_list(
        "subscriber_id", "seed", "edition", warm_up.is_newcomer(mailing.newsletter)
    )
    query, values = audience.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(AUDIENCE.format(audience=query), values)
        readers = cursor.rowcount
        steps = _steps(cursor)
        sample = _sample(mailing.newsletter, issue, readers - sum(steps), now)
        cut: dict[str, Any] = {
            "mailing": mailing.pk,
            "sample": sample.readers,
            "steps": warm_up.first_of(steps),
            "subjects": max(len(sample.subjects), 1),
            "per_call": providers.current().per_call,
            "now": now,
            "rest_at": sample.rest_at or now,
        }
        cursor.execute(BATCHES, cut)
        cursor.execute("DROP TABLE audience")  # another freeze may follow in this transaction
    return readers, steps, sample


def _steps(cursor: Any) -> list[int]:
    """Those of the newcomers in the audience; if they are too few for that, none is one."""
    cursor.execute("SELECT count(*) FROM audience WHERE new")
    newcomers = cursor.fetchone()[0]
    steps = warm_up.steps_for(newcomers)
    if newcomers and not steps:
        cursor.execute("UPDATE audience SET new = false WHERE new")
    return steps


def _render(mailing: Mailing, issue: IssuePage, sample: Sample, mirror: str) -> None:
    """The editions that somebody gets, once for all calls; each link has one row for all of them.
    Raises Unsendable."""
    numbers = mailing.batches.values_list("edition", flat=True).distinct()
    chosen = [*map(Edition, numbers)] or [TEASERS]
    made = {
        edition: rendering.render_issue(issue, edition)
        for edition in {edition & ~Edition.MIRROR for edition in chosen}
    }
    for rendered in made.values():
        rendering.check(rendered, providers.current())
    bodies = [rendered.html for rendered in made.values()]
    places = counted_links.count(bodies, mailing, issue, variants=len(sample.subjects))
    for edition in chosen:
        body = made[edition & ~Edition.MIRROR]
        body = replace(body, html=counted_links.counted(body.html, places))
        if Edition.MIRROR in edition:
            body = rendering.at_mirror(body, mirror)
        mailing.bodies.create(edition=edition, html=body.html, text=body.text)


def _sample(newsletter: Newsletter, issue: IssuePage, audience: int, now: datetime) -> Sample:
    subjects = [subject_line(subject) for subject in issue.subjects]
    readers = issue.sample_of(audience)
    if 1 < len(subjects) <= readers:
        return Sample(readers, now + timedelta(minutes=issue.test_minutes), subjects)
    if newsletter.canary_minutes and audience >= 5 * newsletter.CANARY:
        return Sample(newsletter.CANARY, now + timedelta(minutes=newsletter.canary_minutes))
    return Sample()


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
