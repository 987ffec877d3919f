"""What is held, item by item: what each app tells with the hook ``held_items``."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from django.utils import timezone
from wagtail import hooks


class NotNow(Exception):
    """Why something could not be done; the message is for administrators."""


@dataclass(frozen=True)
class Item:
    """One thing that a person decides about. ``facts`` say what it is, ``record`` asks what the
    provider's own record, or Stripe's, says of it. The decisions may raise NotNow."""

    key: str  # “mailing 12”
    title: str
    facts: Sequence[str]
    record: Callable[[], str]
    if_released: str
    release: Callable[[], None]
    if_dropped: str = ""
    drop: Callable[[], None] | None = None


def held() -> Iterator[Item]:
    for hook in hooks.get_hooks("held_items"):
        yield from hook()


def day(moment: object) -> str:
    return f"{timezone.localtime(moment):%-d %B %Y}"  # type: ignore[arg-type]
