"""One function per mail to staff: from a row's id to the message, or None when it is not due."""

from datetime import date

from anymail.message import AnymailMessage
from django.contrib.auth.tokens import default_token_generator
from django.urls import reverse
from django.utils import timezone
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from newsroom.accounts.models import User
from newsroom.mail.compose import compose
from newsroom.web.http import absolute_url


def password_reset(user_id: int) -> AnymailMessage | None:
    """The link to choose a new password; its age is Django's (PASSWORD_RESET_TIMEOUT)."""
    return _with_link(
        user_id,
        "A new password",
        [
            "Somebody asked for a new password for your account in the newsroom’s admin. If it was "
            "you, choose one here. The link works once, for three days.",
            "It was not you? Then do nothing: your password stays as it is.",
        ],
        "Choose a new password",
    )


def invitation(user_id: int) -> AnymailMessage | None:
    user = User.objects.get(pk=user_id)
    return _with_link(
        user_id,
        "Your account in the newsroom’s admin",
        [
            f"You have an account now. You sign in as “{user.username}”. Choose a password here; "
            "the link works once, for three days.",
            "When you sign in for the first time you set up a second factor: an authenticator app "
            "on your phone, or a passkey. Have it at hand.",
        ],
        "Choose a password",
    )


def new_device(user_id: int) -> AnymailMessage | None:
    when = timezone.localtime(User.objects.get(pk=user_id).last_login)
    return _warning(
        user_id,
        "Signed in on a new device",
        [
            f"On {when:%d %B %Y at %H:%M} ({when:%Z}) your account was signed in on a device, or "
            "in a browser, that has not been used for it before. We don’t keep where that was.",
            "It was not you? Choose a new password at once: that signs out everybody who uses "
            "your account. Then tell your administrator.",
        ],
    )


def sign_in_changed(user_id: int) -> AnymailMessage | None:
    return _warning(
        user_id,
        "How you sign in has changed",
        [
            "A second factor of your account, or its recovery codes, were set up, changed or "
            "removed.",
            "It was not you? Choose a new password at once, and tell your administrator.",
        ],
    )


def wrong_codes(user_id: int) -> AnymailMessage | None:
    return _warning(
        user_id,
        "Somebody knows your password",
        [
            "Somebody typed your password, and then several wrong codes. They did not get in.",
            "It was not you? Then your password is known: choose a new one now.",
        ],
    )


def _with_link(
    user_id: int, subject: str, paragraphs: list[str], button: str
) -> AnymailMessage | None:
    """With a link of their own to choose a password."""
    user = User.objects.filter(pk=user_id).first()
    if user is None:
        return None
    place = [urlsafe_base64_encode(force_bytes(user.pk)), default_token_generator.make_token(user)]
    path = reverse("wagtailadmin_password_reset_confirm", args=place)
    return _notice(user_id, subject, paragraphs, button, path)


def _warning(user_id: int, subject: str, paragraphs: list[str]) -> AnymailMessage | None:
    """With a link to ask for a new password."""
    return _notice(
        user_id,
        subject,
        paragraphs,
        "Choose a new password",
        reverse("wagtailadmin_password_reset"),
    )


def _notice(
    user_id: int, subject: str, paragraphs: list[str], button: str, path: str
) -> AnymailMessage | None:
    user = User.objects.filter(pk=user_id, is_active=True).first()
    if user is None or not user.email:
        return None
    context = {"paragraphs": paragraphs, "url": absolute_url(path), "button": button}
    return compose("newsroom/email/notice", context, subject, user.email)


def addresses_flood_in(day: int) -> AnymailMessage | None:
    """Forms that take an address are filled in faster than readers do; on that day for the first
    time. ``day`` is an ordinal."""
    staff = User.objects.with_perm(
        "newsroom.lift_suppression", backend="django.contrib.auth.backends.ModelBackend"
    )
    addresses = [address for address in staff.values_list("email", flat=True) if address]
    if not addresses:
        return None
    context = {
        "paragraphs": [
            f"Since {date.fromordinal(day):%d %B %Y} addresses come in faster than readers type: "
            "at the sign-up, “Remind me later” or “Your contributions”. Somebody may use our "
            "mail to annoy others.",
            "Each address costs the sender’s browser a sum now, and no mailbox gets more than "
            "three such mails a week. You need not do anything.",
        ],
        "url": absolute_url(reverse("newsletters")),
        "button": "Look at the newsletters",
    }
    message = compose("newsroom/email/notice", context, "Many addresses at once", addresses[0])
    message.to = addresses
    return message
