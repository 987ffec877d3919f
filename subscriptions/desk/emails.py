"""The mails to editors: the words of each, and from a row's id to whom it goes, or None when it is
not due."""

from typing import Any

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from newsroom.accounts.models import User
from newsroom.mail import outbox
from newsroom.mail.catalogue import Letter, mail, mails
from newsroom.web.http import absolute_url
from subscriptions.models import IssuePage, Mailing, Newsletter, NewsletterWords
from subscriptions.models.mailing import APPROVE
from subscriptions.readers.due import sunset

Status = Mailing.Status


@mail(
    "unapproved",
    subject=_("Not sent: {issue} waits for somebody"),
    paragraphs=[
        "{lacks}",
        _("Open it, check it, approve and schedule it: it goes out when you say so."),
    ],
    button=_("Open the issue"),
)
def unapproved(issue_id: int) -> Letter | None:
    """To every editor who may approve: the hour has come, the issue has not been approved."""
    issue = IssuePage.objects.filter(pk=issue_id).first()
    if issue is None:
        return None
    active = issue.mailings.active().first()
    if active and active.status != Status.APPROVED:
        return None
    approved = _("This issue was due now. It is approved, but nobody has scheduled it.")
    lacks = approved if active else _("This issue was due now, but nobody has approved it.")
    return _to_editors(issue, lacks=lacks)


@mail(
    "missed",
    subject=_("Not sent: {issue} is late"),
    paragraphs=[
        _(
            "{issue} was approved, but its hour passed before it could be sent. Nothing has gone "
            "out. Send it now, or leave it."
        )
    ],
    button=_("Open the issue"),
)
def missed(mailing_id: int) -> Letter | None:
    """The hour passed by more than the grace, say because the servers were down."""
    mailing = Mailing.objects.filter(pk=mailing_id, status=Status.MISSED).first()
    return _to_editors(mailing.issue) if mailing else None


@mail(
    "unsendable",
    subject=_("Not sent: {issue} has a problem"),
    paragraphs=[
        _("{issue} can't go out as it is: {problem}"),
        _(
            "Nothing has been sent. Put it right, approve it again, and it goes out within the "
            "hours of grace."
        ),
    ],
    button=_("Open the issue"),
)
def unsendable(mailing_id: int) -> Letter | None:
    """The hour has come, and the issue can't go out as it is."""
    mailing = Mailing.objects.filter(pk=mailing_id, status=Status.SCHEDULED).first()
    if mailing is None or not mailing.problem:
        return None
    return _to_editors(mailing.issue, problem=mailing.problem)


@mail(
    "stopped",
    subject=_("Stopped: {issue}"),
    paragraphs=[
        "{problem}",
        _("Nothing more of it goes out until somebody resumes or cancels it."),
    ],
    button=_("Open the issue"),
)
def stopped(mailing_id: int) -> Letter | None:
    """Too many bounced or complained; in a warm-up hours after anybody has looked at it."""
    mailing = Mailing.objects.filter(pk=mailing_id, status=Status.PAUSED).first()
    return _to_editors(mailing.issue, problem=mailing.problem) if mailing else None


@mail(
    "please_approve",
    awaited=True,
    subject=_("Please approve: {issue}"),
    paragraphs=[
        _(
            "{who} has finished {issue} and asks you to look at it. It is not sent before somebody "
            "else approves it."
        )
    ],
    button=_("Look at the issue"),
)
def please_approve(issue_id: int, user_id: int) -> Letter | None:
    """An editor has finished an issue and asks a colleague to look at it."""
    issue = IssuePage.objects.filter(pk=issue_id).first()
    user = User.objects.filter(pk=user_id).first()
    if issue is None or user is None or issue.mailings.active().exists():
        return None
    who = user.get_full_name() or user.get_username()
    newest = issue.get_latest_revision_as_object()
    return _to_editors(newest, but=user_id, who=who)


def ask_colleagues(issue: IssuePage, user: Any) -> None:
    """Mail those who may approve it, once for each state of the issue."""
    key = f"{issue.pk}-{issue.latest_revision_id}"
    outbox.post("please_approve", issue.pk, key=key, second_id=user.pk)


def _to_editors(issue: Any, but: int = 0, **about: str | Promise) -> Letter | None:
    to = User.objects.addresses(APPROVE, but)
    return Letter(
        to, about={"issue": issue.title, **about}, url=absolute_url("issue_desk", issue.pk)
    )


@mail(
    "sender_test",
    subject=_("A test of {newsletter}"),
    paragraphs=[
        _(
            "You have sent this to yourself, from the newsletter’s own address. Look whether it "
            "lies in the spam folder, and whether your mail program warns of its sender."
        )
    ],
    button=_("Back to the mail delivery"),
    awaited=True,
)
def sender_test(newsletter_id: int, user_id: int) -> Letter | None:
    """From the newsletter, to who wants to know whether its mail gets out."""
    newsletter = Newsletter.objects.filter(pk=newsletter_id).first()
    user = User.objects.filter(pk=user_id, is_active=True).first()
    if newsletter is None or user is None or not user.email:
        return None
    about = {"newsletter": newsletter.title}
    url = absolute_url("mail_delivery")
    return Letter(user.email, about=about, url=url, look=newsletter, sender=newsletter.sender)


@mail("words_test", subject="{newsletter}", awaited=True)
def words_test(words_id: int, user_id: int) -> Letter | None:
    """An editor's own words, to themselves; its button leads to the newsletter."""
    found = NewsletterWords.objects.select_related("newsletter").filter(pk=words_id).first()
    user = User.objects.filter(pk=user_id, is_active=True, travels_since=None).first()
    if found is None or user is None or not user.email:
        return None
    declared, _ = mails()[found.about]
    newsletter = found.newsletter
    return Letter(
        user.email,
        found.language,
        sample(newsletter),
        url=newsletter.full_url or "",
        look=newsletter,
        words=found.instead_of(declared),
    )


def sample(newsletter: Newsletter) -> dict[str, Any]:
    """What the words name."""
    latest = newsletter.latest_issue()
    return {
        "newsletter": newsletter.title,
        "rhythm": newsletter.rhythm,
        "latest": latest.subject if latest else "",
        "day": timezone.localdate() + sunset.WAIT,
    }
