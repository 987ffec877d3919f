"""The mails to staff: the words of each, and from a row's id to whom it goes, or None when it is
not due."""

from datetime import date
from typing import Any

from django.contrib.auth.tokens import default_token_generator
from django.utils import timezone
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode
from django.utils.translation import gettext_lazy as _

from newsroom.accounts.models import User
from newsroom.mail.catalogue import Letter, mail
from newsroom.models import Hold
from newsroom.web.http import absolute_url


@mail(
    "password_reset",
    awaited=True,
    subject=_("A new password"),
    paragraphs=[
        _(
            "Somebody asked for a new password for your account in the newsroom’s admin. If it was "
            "you, choose one here. The link works once, for three days."
        ),
        _("It was not you? Then do nothing: your password stays as it is."),
    ],
    button=_("Choose a new password"),
)
def password_reset(user_id: int) -> Letter | None:
    """The link to choose a new password; its age is Django's (PASSWORD_RESET_TIMEOUT)."""
    return _with_link(user_id)


@mail(
    "invitation",
    awaited=True,
    subject=_("Your account in the newsroom’s admin"),
    paragraphs=[
        _(
            "You have an account now. You sign in as “{login}”. Choose a password here; the link "
            "works once, for three days."
        ),
        _(
            "When you sign in for the first time you set up a second factor: an authenticator app "
            "on your phone, or a passkey. Have it at hand."
        ),
    ],
    button=_("Choose a password"),
)
def invitation(user_id: int) -> Letter | None:
    return _with_link(user_id)


@mail(
    "new_device",
    awaited=True,
    subject=_("Signed in on a new device"),
    paragraphs=[
        _(
            "On {day} at {hour} your account was signed in on a device, or in a browser, that has "
            "not been used for it before. We don’t keep where that was."
        ),
        _(
            "It was not you? Choose a new password at once: that signs out everybody who uses your "
            "account. Then tell your administrator."
        ),
    ],
    button=_("Choose a new password"),
)
def new_device(user_id: int) -> Letter | None:
    when = timezone.localtime(User.objects.get(pk=user_id).last_login)
    return _warning(user_id, day=when, hour=f"{when:%H:%M} ({when:%Z})")


@mail(
    "sign_in_changed",
    awaited=True,
    subject=_("How you sign in has changed"),
    paragraphs=[
        _(
            "A second factor of your account, or its recovery codes, were set up, changed or "
            "removed."
        ),
        _("It was not you? Choose a new password at once, and tell your administrator."),
    ],
    button=_("Choose a new password"),
)
def sign_in_changed(user_id: int) -> Letter | None:
    return _warning(user_id)


@mail(
    "wrong_codes",
    awaited=True,
    subject=_("Somebody knows your password"),
    paragraphs=[
        _("Somebody typed your password, and then several wrong codes. They did not get in."),
        _("It was not you? Then your password is known: choose a new one now."),
    ],
    button=_("Choose a new password"),
)
def wrong_codes(user_id: int) -> Letter | None:
    return _warning(user_id)


def _with_link(user_id: int) -> Letter | None:
    """With a link of their own to choose a password."""
    user = User.objects.filter(pk=user_id).first()
    if user is None:
        return None
    return _notice(user_id, password_link(user), login=user.username)


def password_link(user: User) -> str:
    place = [urlsafe_base64_encode(force_bytes(user.pk)), default_token_generator.make_token(user)]
    return absolute_url("wagtailadmin_password_reset_confirm", *place)


def _warning(user_id: int, **about: Any) -> Letter | None:
    """With a link to ask for a new password."""
    return _notice(user_id, absolute_url("wagtailadmin_password_reset"), **about)


def _notice(user_id: int, url: str, **about: Any) -> Letter | None:
    user = User.objects.filter(pk=user_id, is_active=True).first()
    if user is None or not user.email:
        return None
    return Letter(user.email, about=about, url=url)


@mail(
    "held",
    awaited=True,
    subject="Nothing goes out: the database was restored",
    paragraphs=[
        "{why}",
        "No issue, no reminder and no refund goes out: each may have gone out before the restore. "
        "Look at each, and release it or drop it. Until then readers can sign up, leave and give "
        "as always.",
    ],
    button="After a restore",
)
def held(hold_id: int) -> Letter | None:
    """To everybody who may decide."""
    hold = Hold.objects.filter(pk=hold_id, ended_at=None).first()
    if hold is None:
        return None
    to = User.objects.addresses("newsroom.decide_hold")
    return Letter(to, about={"why": hold.why}, url=absolute_url("after_restore"))


@mail(
    "addresses_flood_in",
    awaited=True,
    subject=_("Many addresses at once"),
    paragraphs=[
        _(
            "Since {day} addresses come in faster than readers type: at the sign-up, “Remind me "
            "later” or “Your contributions”. Somebody may use our mail to annoy others."
        ),
        _(
            "Each address costs the sender’s browser a sum now, and no mailbox gets more than "
            "three such mails a week. You need not do anything."
        ),
    ],
    button=_("Look at the newsletters"),
)
def addresses_flood_in(day: int) -> Letter | None:
    """Forms that take an address are filled in faster than readers do; on that day for the first
    time. ``day`` is an ordinal."""
    to = User.objects.addresses("newsroom.lift_suppression")
    return Letter(to, about={"day": date.fromordinal(day)}, url=absolute_url("newsletters"))
