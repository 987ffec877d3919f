"""Who works here, how they prove it, and where they are signed in. A stolen database names nobody:
names and addresses are sealed, keys of sessions are hashes."""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AbstractUser, UserManager
from django.contrib.sessions.base_session import AbstractBaseSession
from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from wagtail.search import index

from newsroom.core.privacy import BlindIndexField, EncryptedField, staff_index

# After this many wrong codes in a row each further one doubles the wait, an hour at most.
FREE_TRIES, LONGEST_WAIT = 5, timedelta(hours=1)


class StaffManager(UserManager["User"]):
    def with_perm(self, *args: Any, **kwargs: Any) -> models.QuerySet["User"]:
        """Nobody who travels."""
        return super().with_perm(*args, **kwargs).filter(travels_since=None)

    def addresses(self, permission: str, but: int = 0) -> list[str]:
        """Of all who may, for a mail about work; ``but`` for one of them."""
        found = self.with_perm(permission).exclude(pk=but).values_list("email", flat=True)
        return [address for address in found if address]

    def by_email(self, email: str) -> models.QuerySet["User"]:
        return self.filter(email_index=staff_index(email))


class User(index.Indexed, AbstractUser):  # type: ignore[django-manager-missing]
    """Somebody of the staff. They sign in with ``username``, which stands here as it is and is
    what records of their work show; so it need not be their name."""

    first_name = EncryptedField("first name", context="staff.first_name", blank=True, editable=True)
    last_name = EncryptedField("last name", context="staff.last_name", blank=True, editable=True)
    email = EncryptedField("e-mail address", context="staff.email", blank=True, editable=True)
    email_index = BlindIndexField(null=True)  # type: ignore[misc]
    demo = models.BooleanField(
        default=False,
        editable=False,
        help_text="A login of the demo: works without a second factor, and not in production.",
    )
    wrong_codes = models.PositiveSmallIntegerField(default=0, editable=False)
    codes_from = models.DateTimeField(
        null=True, editable=False, help_text="No code from a strange device is looked at before."
    )

    travels_since = models.DateField(
        null=True, editable=False, help_text="They see nothing: newsroom/panic/travel.py."
    )

    objects = StaffManager()  # type: ignore[misc]
    search_fields = [index.SearchField("username"), index.AutocompleteField("username")]

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["email_index"], name="one_account_per_address")
        ]

    def clean(self) -> None:
        super().clean()
        if "@" in self.username:
            raise ValidationError({"username": "Not an address: it stands here unsealed."})
        others = User.objects.by_email(self.email).exclude(pk=self.pk)
        if self.email and others.exists():
            raise ValidationError({"email": "Somebody else has this address."})

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.email_index = staff_index(self.email) if self.email else None  # type: ignore[assignment]
        if "email" in (kwargs.get("update_fields") or []):
            kwargs["update_fields"] = [*kwargs["update_fields"], "email_index"]
        super().save(*args, **kwargs)

    def set_password(self, raw_password: str | None) -> None:
        """Whoever typed wrong codes knew the one before."""
        super().set_password(raw_password)
        self.wrong_codes, self.codes_from = 0, None

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        """Of who travels also an administrator's rights rest."""
        return self.travels_since is None and super().has_perm(perm, obj)

    @property
    def needs_second_factor(self) -> bool:
        return not self.demo

    @property
    def may_not_be_here(self) -> bool:
        """A login of the demo, whose password everybody knows, where it counts."""
        return settings.PRODUCTION and self.demo

    def code_was_wrong(self, now: datetime) -> int:
        """How many in a row that makes."""
        self.wrong_codes = min(self.wrong_codes + 1, 1000)
        if (more := self.wrong_codes - FREE_TRIES) >= 0:
            self.codes_from = now + min(timedelta(seconds=30 * 2 ** min(more, 10)), LONGEST_WAIT)
        self.save(update_fields=["wrong_codes", "codes_from"])
        return self.wrong_codes

    def code_was_right(self) -> None:
        User.objects.filter(pk=self.pk).update(wrong_codes=0, codes_from=None)


class SecondFactor(models.Model):
    """What somebody has besides their password."""

    class Kind(models.TextChoices):
        APP = "app", "authenticator app"
        PASSKEY = "passkey", "passkey"
        CODES = "codes", "recovery codes"

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="second_factors")
    kind = models.CharField(max_length=8, choices=Kind)
    secret = EncryptedField(
        context="staff.second_factor",
        help_text="The app's key, base32; a passkey's id and public key; hashes of unused codes.",
    )
    counter = models.BigIntegerField(
        default=-1, help_text="The app's last time step; a passkey's count of signatures."
    )
    added_on = models.DateField(default=timezone.localdate)
    used_on = models.DateField(null=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "kind"],
                condition=~models.Q(kind="passkey"),
                name="one_app_and_one_set_of_codes",
            )
        ]

    def __str__(self) -> str:
        return self.get_kind_display()


class StaffSession(AbstractBaseSession):
    """Where somebody is signed in. Its key is a hash of the cookie's, its data are sealed, and it
    knows no network and no browser: see sessions.py."""

    session_data = EncryptedField(context="staff.session")
    user = models.ForeignKey(User, null=True, on_delete=models.CASCADE, related_name="sessions")
    started_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"session since {self.started_at:%-d %B %Y, %H:%M}"


class AuditEntry(models.Model):
    """One line of audit.py's log. PostgreSQL refuses to change or delete it."""

    at = models.DateTimeField()
    who = models.CharField(max_length=150, help_text="The login they had then.")
    what = models.CharField(max_length=120)
    row = models.CharField(max_length=80, blank=True)
    why = EncryptedField(context="audit.why", blank=True)
    chain = models.CharField(max_length=64)

    class Meta:
        default_permissions = ["view"]
        verbose_name_plural = "audit log"

    def __str__(self) -> str:
        return f"{self.who}: {self.what}"
