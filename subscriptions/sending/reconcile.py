"""Batches in doubt: was it sent? Only evidence decides, or a person; nothing else may guess.

Evidence is what the provider has: its own record, its events, the key under which a repeat is no
second mail; by SMTP, our journal. Where none can be had, the batch *needs review* by an editor.
"""

from datetime import datetime
from typing import Any, assert_never

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.db.models import F

from newsroom.core import clock
from newsroom.core.environment.table import PROVIDERS
from newsroom.mail import providers
from newsroom.mail.providers import Call, Evidence, Provider, Settles
from subscriptions.models import Batch, Mailing, Subscriber
from subscriptions.models.batch import settle

Status = Batch.Status
IN_DOUBT = [Status.IN_DOUBT]


def found(batch_id: Any, provider_id: str, how: str = "an event from the provider") -> None:
    """Proof that the provider has this batch: whatever its state, it is accepted."""
    try:
        batch = Batch.objects.filter(pk=batch_id).first()
    except ValidationError:  # not a batch's id: somebody else's metadata
        batch = None
    if batch is None or batch.status not in Batch.OPEN or not batch.tries:
        return
    # Pending too: sent back after a “no”, and not claimed again yet.
    if settle(batch, Status.ACCEPTED, frm=Batch.OPEN, provider_id=provider_id):
        if batch.status in Batch.UNSETTLED:
            batch.note(f"It was sent: {how} says so.")
        Mailing.objects.close_if_done(batch.mailing_id)


def run_due(now: datetime) -> None:
    """Batches whose worker vanished become in doubt; those in doubt are reconciled."""
    for batch in Batch.objects.abandoned()[:200]:
        fall(batch, "The worker vanished during the call.", now)
    in_doubt = Batch.objects.filter(status=Status.IN_DOUBT, next_try_at__lte=now)
    for batch in in_doubt.select_related("mailing")[:50]:
        look_into(batch, now)


def fall(batch: Batch, why: str, now: datetime) -> None:
    """In doubt from now on, if its lease has still run out."""
    abandoned = Batch.objects.abandoned().filter(pk=batch.pk)
    probe_at = first_probe(batch, now)
    if settle(abandoned, Status.IN_DOUBT, error=why[:300], next_try_at=probe_at):
        batch.note(why)


def first_probe(batch: Batch, now: datetime) -> datetime:
    """At once by a journal: it does not get better by waiting."""
    provider = _provider_of(batch)
    journal = provider and provider.settles is Settles.JOURNAL
    return now if journal else now + settings.MAIL_PROBES[0]


def _provider_of(batch: Batch) -> Provider | None:
    """None when it is none of ours any more."""
    return providers.get(batch.provider) if batch.provider in PROVIDERS else None


def look_into(batch: Batch, now: datetime) -> None:
    """One look at one batch in doubt, with its provider's kind of evidence."""
    provider = _provider_of(batch)
    if provider is None or provider != providers.current():
        name = provider.name if provider else batch.provider or "another provider"
        ask_editor(batch, f"It went to {name}, which is not in use any more and can't be asked.")
        return
    match provider.settles:
        case Settles.JOURNAL:
            _by_journal(batch, now)
        case Settles.KEY:
            _by_repeating(batch, provider, now)
        case Settles.RECORD | Settles.EVENT:
            _by_asking(batch, provider, now)
        case _:
            assert_never(provider.settles)


def ask_editor(batch: Batch, why: str) -> None:
    if settle(batch, Status.NEEDS_REVIEW, frm=IN_DOUBT):
        batch.note(f"{why} An editor has to decide.")


def _by_repeating(batch: Batch, provider: Provider, now: datetime) -> None:
    """Send it again under the same key, while the provider remembers that key."""
    assert provider.repeat_within
    if now < (batch.first_tried_at or now) + provider.repeat_within:
        if settle(batch, Status.PENDING, frm=IN_DOUBT, next_try_at=now):
            batch.note(f"Repeated under the same key: {provider.name} makes no second mail of it.")
    else:
        ask_editor(
            batch, f"{provider.name} has forgotten the call's key: a repeat could double it."
        )


def _by_asking(batch: Batch, provider: Provider, now: datetime) -> None:
    """Ask the provider's record; without one, wait for its events. “Not there” counts only when
    it was said each time: records lag behind."""
    evidence = _ask(batch, provider) if provider.find else None
    if evidence and not evidence.missing:
        found(batch.pk, evidence.provider_id, "the provider's record")
        return
    last = batch.probes + 1 >= len(settings.MAIL_PROBES)
    if provider.find and evidence is None:  # it can't tell now
        later = now + settings.MAIL_PROBES[-1]
        _still_in_doubt(batch).update(next_try_at=later)
        batch.note(f"{provider.name} could not be asked.")
    elif not last:
        wait = settings.MAIL_PROBES[batch.probes + 1]
        # Two who ask at the same moment count as one probe: the distances are what matters.
        same = _still_in_doubt(batch).filter(probes=batch.probes)
        if same.update(probes=F("probes") + 1, next_try_at=now + wait):
            batch.note(_said(batch, evidence))
    elif evidence is None:
        ask_editor(batch, f"No event came, and {provider.name} can't be asked.")
    else:
        batch.note(_said(batch, evidence))
        _send_to_missing(batch, evidence, now)


def _still_in_doubt(batch: Batch) -> Any:
    return Batch.objects.filter(pk=batch.pk, status=Status.IN_DOUBT)


def _said(batch: Batch, evidence: Evidence | None) -> str:
    if evidence is None:
        return "No event about it has come so far."
    return (
        f"Asked the provider: it has {batch.recipients - len(evidence.missing):,} "
        f"of {batch.recipients:,}."
    )


def _send_to_missing(batch: Batch, evidence: Evidence, now: datetime) -> None:
    """Whom the provider has is done; the others go out again."""
    ids = _ids_by_email(batch)
    missing = [ids[email] for email in evidence.missing]
    if len(missing) == len(ids):
        again = {"next_try_at": now, "first_tried_at": None}
        settle(batch, Status.PENDING, frm=IN_DOUBT, **again)
    elif batch.split_off(missing, Status.PENDING, next_try_at=now):
        found(batch.pk, evidence.provider_id, "the provider's record")


def _ask(batch: Batch, provider: Provider) -> Evidence | None:
    assert provider.find
    emails = list(_ids_by_email(batch))
    if not emails:  # all of them erased since
        return None
    at = batch.tried_at or clock.now()
    return provider.find(Call(str(batch.pk), batch.call_key, batch.mailing.tag, emails, at))


def _ids_by_email(batch: Batch) -> dict[str, int]:
    """Who was in the call: the excluded were left out."""
    there = set(batch.subscriber_ids) - set(batch.excluded_ids)
    rows = Subscriber.objects.filter(pk__in=there).order_by("pk").values_list("email", "pk")
    return dict(rows)


# --- SMTP: the journal ----------------------------------------------------------------------


def _by_journal(batch: Batch, now: datetime) -> None:
    """Taken messages are done, the one that was handed over needs review, the rest goes out: also
    to whom the server said no, since what it meant died with the worker."""
    excluded = set(batch.excluded_ids)
    there = [pk for pk in batch.subscriber_ids if pk not in excluded]
    # What the database lost with a crash of its own, the journal does not know.
    end = len(there) if _database_restarted_since(batch.tried_at) else batch.begun
    left_out = [pk for pk in there[:end] if pk in batch.left_out_ids]
    in_doubt = [pk for pk in there[batch.done : end] if pk not in left_out]
    untried = left_out + there[end:]
    with transaction.atomic():
        if untried and not batch.split_off(untried, Status.PENDING, next_try_at=now):
            return
        if in_doubt:
            unknown = batch.split_off(in_doubt, Status.NEEDS_REVIEW, error=batch.error)
            if unknown is None:
                return
            unknown.note("Handed over, the answer unknown. An editor has to decide.")
        if settle(batch, Status.ACCEPTED, frm=IN_DOUBT):
            sent = len(there) - len(untried) - len(in_doubt)
            batch.note(f"The journal says that {sent:,} of {len(there):,} were sent.")
    Mailing.objects.close_if_done(batch.mailing_id)


# One of its processes may crash without the one that started them: they all begin anew then, and
# so does what PostgreSQL counts (“The Cumulative Statistics System”).
RESTARTED = """
    SELECT greatest(pg_postmaster_start_time(), stats_reset) > %s FROM pg_stat_bgwriter
"""


def _database_restarted_since(at: datetime | None) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(RESTARTED, [at])
        return bool(cursor.fetchone()[0])


# --- A person -------------------------------------------------------------------------------


def decide(batch: Batch, *, sent: bool, by: str = "") -> bool:
    """An editor's word on a batch that needs review: it was sent, or send it. One winner."""
    to = Status.ACCEPTED if sent else Status.PENDING
    fields = {"next_try_at": clock.now(), "first_tried_at": None}
    decided = settle(batch, to, frm=[Status.NEEDS_REVIEW], **fields)
    if decided:
        batch.note(f"{by or 'An editor'} decided: " + ("it was sent." if sent else "send it."))
        Mailing.objects.close_if_done(batch.mailing_id)
    return decided
