"""What readers change on their own page: on a list or off it, a pause, their language and country,
how much their mails have, and where the links in them lead.

The link that opens it stands in every mail, and mails get forwarded: so here is only what shows
nothing of them and can be taken back, and whoever joins, leaves or pauses is told by mail.
"""

from contextlib import AbstractContextManager
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from newsroom.core.kept import retention
from newsroom.core.languages import NAMES, OWN, countries, speaking_to
from newsroom.mail import outbox
from subscriptions.models import Newsletter, Subscriber, Subscription
from subscriptions.readers import signup
from subscriptions.readers.signup_form import Source

PAUSES = (2, 4, 8)  # weeks

Status = Subscription.Status


def their_language(subscriber: Subscriber | None) -> AbstractContextManager[None]:
    return speaking_to(subscriber.language if subscriber else "")


def join(subscriber: Subscriber, newsletter: Newsletter) -> None:
    """On a list that they were not on, or back on one. Their link proves the address; the consent
    is recorded. Raises Unwanted; Forgotten."""
    with transaction.atomic():
        signup.keep_address(subscriber.pk)
        # As who confirms does: the subscription first, the suppression afterwards.
        found = Subscription.objects.select_for_update()
        there, _ = found.get_or_create(
            subscriber=subscriber,
            newsletter=newsletter,
            defaults={"source": Source.OWN_PAGE},
        )
        if there.unsubscribed_on or there.status == Status.CONFIRMED:
            signup.resubscribe(there)
            return
        signup.lift(subscriber, "asked for on its owner's page")
        signup.put_on_list(there, "own page")
        outbox.post("welcome", there.pk, key=f"{there.pk}-{signup.decisions(there)}")


def pause(subscription: Subscription, weeks: int) -> None:
    """No mail for so many weeks; on a list only. They are told, once a week at most."""
    today = timezone.localdate()
    listed = Subscription.objects.filter(pk=subscription.pk, status=Status.CONFIRMED)
    with transaction.atomic():
        if listed.update(paused_until=today + timedelta(weeks=weeks)):
            week = today.isocalendar()
            key = f"{subscription.pk}-{week.year}-{week.week}"
            outbox.post("paused", subscription.pk, key=key)


def go_on(subscription: Subscription) -> None:
    Subscription.objects.filter(pk=subscription.pk).update(paused_until=None)


def read_whole(subscription: Subscription, whole: bool) -> None:
    """Articles in the mail, or teasers; from the next issue that is frozen on."""
    Subscription.objects.filter(pk=subscription.pk).update(whole_articles=whole)


def use_mirror(subscriber: Subscriber, wanted: bool) -> None:
    Subscriber.objects.filter(pk=subscriber.pk).update(mirror_links=wanted)


def speak(subscriber: Subscriber, language: str) -> None:
    """“”: each newsletter's own. What we don't speak changes nothing."""
    if language == "" or language in NAMES:
        Subscriber.objects.filter(pk=subscriber.pk).update(language=language)


def live_in(subscriber: Subscriber, country: str) -> None:
    """“”: they don't say. What is no country changes nothing."""
    if country == "" or country in countries(OWN):
        Subscriber.objects.filter(pk=subscriber.pk).update(country=country)


def end_pauses() -> None:
    """Those that are over, so that the kept counts have them again. Who gets an issue does not wait
    for this."""
    over = Subscription.objects.filter(paused_until__lte=timezone.localdate())
    retention.in_chunks(over, lambda some: some.update(paused_until=None))
