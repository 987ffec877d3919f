"""What a reader fills in to sign up, and where it stood."""

from collections.abc import Sequence
from typing import Any, Self

from django import forms
from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from newsroom.core import languages
from newsroom.core.clean_text import clean
from newsroom.mail.addresses import AddressField
from subscriptions.models import Newsletter

NONE_CHOSEN = _("Please choose at least one newsletter.")


class Source(TextChoices):
    """Where a subscription comes from, in words of ours: never what a stranger writes.

    None tells that a reader gives: the form on the page of thanks says “page”, as others do
    (docs/architecture.md, “Sealed values”).
    """

    BOX = "site box"  # below an article or an issue
    PAGE = "page"
    FRONT = "front page"
    FOOTER = "footer"
    EMBEDDED = "embedded"  # a form on another site
    APP = "app"
    OWN_PAGE = "own page"
    SEEDS = "seed list"


BY_FORM = [Source.BOX, Source.PAGE, Source.FRONT, Source.FOOTER, Source.EMBEDDED]


class SignupForm(forms.Form):
    email = AddressField(max_length=254)
    consent = forms.BooleanField(
        error_messages={"required": _("Please agree to the privacy policy to subscribe.")}
    )
    newsletter = forms.MultipleChoiceField(
        error_messages={"required": NONE_CHOSEN, "invalid_choice": NONE_CHOSEN}
    )
    source = forms.CharField(required=False)
    language = forms.ChoiceField(choices=languages.CHOICES, required=False)  # apps say it

    def __init__(self, data: Any, offered: Sequence[Newsletter], **more: Any) -> None:
        """Of one alone nobody has to choose."""
        super().__init__(data, **more)
        self.offered = offered
        self.fields["newsletter"].choices = [(one.slug, one.title) for one in offered]  # type: ignore[attr-defined]
        if len(offered) == 1:
            del self.fields["newsletter"]

    @classmethod
    def of_app(cls, said: Any, offered: Sequence[Newsletter]) -> Self:
        """Of parsed JSON. Raises ValueError for what has another shape."""
        if not isinstance(said, dict):
            raise ValueError
        email, language = said.get("email", ""), said.get("language", "")
        chosen, sure = said.get("newsletters", []), said.get("sure", "")
        texts = [email, language, sure, *chosen] if isinstance(chosen, list) else [None]
        if not all(isinstance(text, str) for text in texts):
            raise ValueError
        data: dict[str, Any] = {"email": clean(email), "language": language, "newsletter": chosen}
        data |= {"consent": said.get("consent") is True, "sure": clean(sure)}
        return cls(data, offered)

    def clean_source(self) -> str:
        """Nobody typed it, so nothing is wrong with it either."""
        said = self.cleaned_data["source"]
        return said if said in BY_FORM else Source.PAGE

    @property
    def wanted(self) -> list[int]:
        """Newsletters, by their ids."""
        chosen = self.cleaned_data.get("newsletter", [one.slug for one in self.offered])
        return [one.pk for one in self.offered if one.slug in chosen]
