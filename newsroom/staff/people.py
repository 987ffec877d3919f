"""Colleagues come and go: invited by mail, disabled at once, helped when their phone is lost."""

from django.contrib.auth.models import Group
from django.db import transaction

from newsroom.accounts.models import User
from newsroom.mail import outbox
from newsroom.staff import second_factor


def invite(email: str, login: str, group: Group | None) -> User:
    """An account without a password, and a mail to choose one. Invited again, they get another
    mail, and the group on top. Raises IntegrityError for a login that somebody else has."""
    with transaction.atomic():
        user = User.objects.by_email(email).first()
        if user is None:
            user = User(username=login, email=email)
            user.set_unusable_password()
        elif not user.is_active:  # they come back as who they are invited as
            user.is_active, user.is_superuser = True, False
            user.set_unusable_password()
            user.groups.clear()
            user.second_factors.all().delete()
        user.save()
        if group:
            user.groups.add(group)
        welcome(user)
    return user


def welcome(user: User) -> None:
    outbox.post("invitation", user.pk, key=f"{user.pk}-{outbox.ten_minutes()}")


def disable(user: User) -> None:
    """Out at once, everywhere. What they did keeps their login's name."""
    with transaction.atomic():
        User.objects.filter(pk=user.pk).update(is_active=False)
        user.sessions.all().delete()


def forget_second_factors(user: User) -> None:
    """For who has lost phone and codes: they sign in with the password and set up another."""
    with transaction.atomic():
        user.second_factors.all().delete()
        user.sessions.all().delete()
        user.code_was_right()
        second_factor.tell(user)
