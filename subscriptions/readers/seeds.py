"""The seed list: mailboxes at the large providers that get each issue first. An editor types an
address, its owner agrees by the link in a mail; then it is on the list, and a reader's."""

from django.db import transaction
from django.utils import timezone

from newsroom.core import tokens
from newsroom.core.privacy import folded, keyed_hash, list_index
from newsroom.mail import outbox
from newsroom.models import Suppression
from subscriptions.models import Newsletter, Seed, Subscription
from subscriptions.readers import signup
from subscriptions.readers.signup_form import Source

AGREE_SECONDS = 7 * 24 * 3600


def ask(newsletter: Newsletter, email: str) -> None:
    """The same, whoever's the address is. One mail a day at most, also for who is taken off and
    typed again."""
    index = keyed_hash(folded(email), "seed")
    with transaction.atomic():
        seed, _ = Seed.objects.get_or_create(
            newsletter=newsletter, email_index=index, defaults={"email": email}
        )
        if seed.subscription is None:
            key = f"{newsletter.pk}-{index.hex()[:32]}-{timezone.localdate()}"
            outbox.post("seed_invitation", seed.pk, key=key)


def token_of(seed: Seed) -> str:
    """Carries what was decided and suppressed then: older than either, it decides nothing."""
    return tokens.expiring("seed", [seed.pk, *state_of(seed)])


def state_of(seed: Seed) -> list[int]:
    index = list_index(seed.email)
    found = seed.newsletter.subscriptions.filter(subscriber__email_index=index).first()
    return [signup.decisions(found) if found else 0, signup.mark(Suppression.of(index))]


def read_token(token: str) -> Seed:
    """Raises BadToken, StaleToken, Seed.DoesNotExist, Superseded, Unwanted."""
    pk, *then = tokens.read_expiring("seed", token, seconds=AGREE_SECONDS)
    seed = Seed.objects.select_related("newsletter", "subscription").get(pk=pk)
    if Suppression.forbids(list_index(seed.email)):
        raise signup.Unwanted
    if state_of(seed) != then and not seed.agreed:
        raise signup.Superseded
    return seed


def agree(token: str) -> Seed:
    """On the seed list, and on the newsletter's. Raises what :func:`read_token` does."""
    with transaction.atomic():
        seed = read_token(token)
        subscription = signup.subscription_of(seed.newsletter, seed.email, Source.SEEDS)
        signup.lift(subscription.subscriber, "agreed to the seed list by its owner")
        if subscription.status != signup.Status.CONFIRMED:
            signup.put_on_list(subscription, "seed list")
        Subscription.objects.filter(pk=subscription.pk).update(seed=True)
        Seed.objects.filter(pk=seed.pk).update(subscription=subscription)
    return seed


def remove(seed: Seed) -> None:
    with transaction.atomic():
        if seed.subscription:
            Subscription.objects.filter(pk=seed.subscription.pk).update(seed=False)
        seed.delete()
