"""The newsletter of a site that is made from nothing, and the steps until its first issue."""

from collections.abc import Iterator

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from newsroom.core.uris import domain_of
from newsroom.first_steps.site import Answers, Part, Question
from newsroom.first_steps.steps import Step, add, edit
from newsroom.mail import providers
from newsroom.models import HomePage, TransactionalMail, readable
from subscriptions.models import Mailing, Newsletter, NewsletterIndexPage, ProviderEventKey
from subscriptions.models.days import RHYTHM, Weekday
from subscriptions.models.newsletter import OWN_ADDRESS

Status = TransactionalMail.Status


# --- What first_site asks and makes ---------------------------------------------------------


def may_send(address: str) -> None:
    validate_email(address)
    if settings.SENDER_DOMAINS and domain_of(address) not in settings.SENDER_DOMAINS:
        raise ValidationError(f"SENDER_DOMAINS allows {', '.join(settings.SENDER_DOMAINS)} only.")


def our_address(answers: Answers) -> str:
    return settings.DEFAULT_FROM_EMAIL.rpartition("<")[2].rstrip(">")


QUESTIONS = [
    Question("newsletter", "The newsletter’s name, such as “The Weekly”"),
    Question(
        "sender", "The address that it is sent from", our_address, may_send, True, "newsletter"
    ),
]


def part() -> Part:
    return Part(QUESTIONS, make)


def make(answers: Answers, home: HomePage) -> Iterator[str]:
    if not answers["newsletter"]:
        return
    index = NewsletterIndexPage(title=_("Newsletter"), slug=OWN_ADDRESS)
    home.add_child(instance=index)
    newsletter = Newsletter(
        title=answers["newsletter"],
        tagline=RHYTHM[Weekday.FRIDAY],
        sender_name=answers["name"],
        sender_address=answers["sender"],
        reply_to=answers["contact-email"],
        language=answers["language"],
        time_zone=settings.TIME_ZONE,
    )
    index.add_child(instance=newsletter)
    yield f"The newsletter “{newsletter}”, on Fridays at 9, from {newsletter.sender}"


# --- The steps ------------------------------------------------------------------------------


def newsletter() -> str:
    found = readable(Newsletter.objects).first()
    if found is None:
        return "There is none yet."
    try:
        may_send(found.sender_address)
    except ValidationError as problem:
        return problem.messages[0]
    return ""


def sender() -> str:
    """Did a mail of ours get out, and has the provider told of any?"""
    sent = Mailing.objects.filter(status=Mailing.Status.SENT)
    return (not sent.exists() and test()) or hook()


def test() -> str:
    tests = TransactionalMail.objects.filter(purpose="sender_test")
    if tests.filter(status=Status.SENT).exists():
        return ""
    last = tests.order_by("pk").last()
    if last is None:
        return "No test was sent yet."
    failed = f"The test failed: {last.error}" if last.error else "The test is on its way."
    return failed if last.status != Status.DROPPED else "Your account has no address for a test."


def hook() -> str:
    """What the provider told is forgotten after a week: after a pause nobody can say."""
    if providers.current().hook is None or ProviderEventKey.objects.exists():
        return ""
    sent = Mailing.objects.filter(status=Mailing.Status.SENT)
    if (
        sent.exists()
        and not sent.filter(frozen_at__gt=timezone.now() - ProviderEventKey.KEPT).exists()
    ):
        return ""
    return "The provider has told us of no mail yet: its webhook may not be set up."


def newsletter_place() -> str:
    found = Newsletter.objects.order_by("path").first()
    if found:
        return edit(found)
    index = NewsletterIndexPage.objects.first()
    if index is None:
        return add("subscriptions", "newsletterindexpage")
    return reverse("wagtailadmin_pages:add", args=["subscriptions", "newsletter", index.pk])


def delivery() -> str:
    return reverse("mail_delivery") + "#test"


def steps() -> list[Step]:
    return [
        Step(
            "A newsletter and its sender",
            "It is what readers sign up for. Its page stands below another one, which lists them "
            "all; that one comes first.",
            newsletter,
            newsletter_place,
            "Make the newsletter",
        ),
        Step(
            "The sender, tried out",
            "A mail to yourself shows whether it arrives, and what the provider tells of it, "
            "whether bounces will be heard of.",
            sender,
            delivery,
            "Send yourself a test",
        ),
    ]
