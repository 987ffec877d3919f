"""The way back, second half: the site opens. No mailing goes on by itself; links and sessions from
before stay dead."""

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from wagtail import hooks

from newsroom.accounts import audit
from newsroom.closed import keys_file, state
from newsroom.closed.models import Closure, fingerprint

NEXT = [
    "Restart all processes. On other machines: copy KEYS_FILE there first.",
    "Make a new escrow copy and check it: “manage.py escrow make FILE”.",
    "Was a machine out of your hands while it had keys? Then append a new key to PRIVACY_KEYS, run "
    "“manage.py rotate_keys”, and make another copy.",
    "Newsletters: look at each paused mailing, and resume or cancel it.",
    "New keys at the mail provider and at Stripe go into KEYS_FILE; turn on what you paused there.",
]


class StillOld(Exception):
    """Links and sessions from before would open again."""


class OtherKeys(Exception):
    """The newsroom has opened with another SECRET_KEY."""


def reopen(by: str) -> str:
    """What was done, in words. Raises StillOld, OtherKeys."""
    own = fingerprint(settings.SECRET_KEY)
    closure = Closure.current()
    if closure is None:
        last = Closure.objects.order_by("-pk").first()
        if last and last.secret != own:
            raise OtherKeys
        return "The newsroom is open."
    if closure.secret == own or not settings.LINKS_REVOKED:
        raise StillOld
    with transaction.atomic():
        left = sum(hook(keys_file.take_leavings()) for hook in hooks.get_hooks("left_while_closed"))
        now = timezone.now()
        Closure.objects.filter(pk=closure.pk).update(open=False, opened_at=now, secret=own)
        audit.record(by, "opened the newsroom again")
    keys_file.forget_leavings()
    state.has_changed()
    return f"The newsroom is open. {left} readers left meanwhile, by their mail programs."


def renew() -> None:
    """Where the keys never went: a new SECRET_KEY into the file, for the next start. Raises
    OSError."""
    file = keys_file.path()
    assert file is not None
    keys_file.write(keys_file.renewed(file.read_text(), timezone.now().isoformat()))
