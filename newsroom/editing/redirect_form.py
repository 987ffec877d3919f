"""Where an editor leads an old address: to a page, to an address of this site, or to one elsewhere.

In place of Wagtail's field, which takes whole addresses only and does not say so. A path is kept as
a path, so that it is right when the site gets another address.
"""

from typing import Any

from django import forms
from django.core.validators import URLValidator
from wagtail.contrib.redirects.forms import RedirectForm
from wagtail.contrib.redirects.models import Redirect

from newsroom.core.uris import stays

WORDS = (
    "Write “/support/” for an address of this site, or a whole one: “https://example.org/page/”."
)
is_whole = URLValidator(schemes=["http", "https"], message=WORDS)
wagtails_clean = RedirectForm.clean


def leads_to(address: str) -> None:
    """Raises ValidationError for what is neither a path of ours nor a whole address."""
    if not (address.startswith("/") and stays(address)):
        is_whole(address)


def clean(form: Any) -> Any:
    """Wagtail takes a redirect that leads nowhere, and one with two ends, and says nothing."""
    cleaned = wagtails_clean(form)
    ends = [name for name in ("redirect_page", "redirect_link") if form.cleaned_data.get(name)]
    if len(ends) == 2:
        form.add_error("redirect_link", "Choose a page, or write an address: not both.")
    if not ends and "redirect_link" not in form.errors:
        form.add_error("redirect_link", f"Where to? Choose a page, or: {WORDS}")
    return cleaned


def install() -> None:
    """Once, before any redirect is typed."""
    kept: Any = Redirect._meta.get_field("redirect_link")
    kept.default_validators = [leads_to]
    kept.__dict__.pop("validators", None)  # as they were before
    RedirectForm.base_fields["redirect_link"] = forms.CharField(
        label="Redirect to an address", required=False, max_length=kept.max_length,
        validators=[leads_to], help_text=WORDS,
    )  # fmt: skip
    RedirectForm.clean = clean
