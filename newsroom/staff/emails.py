"""One function per mail to staff: from a row's id to the message, or None when it is not due."""

from datetime import date

from anymail.message import AnymailMessage
from django.contrib.auth import get_user_model
from django.contrib.auth.tokens import default_token_generator
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from newsroom.mail.compose import compose
from newsroom.web.http import absolute_url


def password_reset(user_id: int) -> AnymailMessage | None:
    """The link to choose a new password; its age is Django's (PASSWORD_RESET_TIMEOUT)."""
    user = get_user_model().objects.filter(pk=user_id, is_active=True).first()
    if user is None or not user.email:
        return None
    place = [urlsafe_base64_encode(force_bytes(user.pk)), default_token_generator.make_token(user)]
    url = absolute_url(reverse("wagtailadmin_password_reset_confirm", args=place))
    context = {
        "paragraphs": [
            "Somebody asked for a new password for your account in the newsroom’s admin. If it was "
            "you, choose one here. The link works once, for three days.",
            "It was not you? Then do nothing: your password stays as it is.",
        ],
        "url": url,
        "button": "Choose a new password",
    }
    return compose("newsroom/email/notice", context, "A new password", user.email)


def addresses_flood_in(day: int) -> AnymailMessage | None:
    """Forms that take an address are filled in faster than readers do; on that day for the first
    time. ``day`` is an ordinal."""
    staff = get_user_model().objects.with_perm(
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
