"""The search page: a form that asks by its address, and what was found."""

from typing import Any
from urllib.parse import urlencode

from django import forms
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from newsroom.core.database import TookTooLong, at_most
from newsroom.models import SectionPage, readable
from newsroom.models.pages import ARTICLES_A_PAGE
from newsroom.publishing import listings
from newsroom.search.looking_up import LONGEST, MOST, Wanted, in_name, look_up, shown
from newsroom.search.marks import results
from newsroom.web.public_forms import TOO_OFTEN, too_often

SECONDS = 2  # of PostgreSQL's, for each query
OFTEN = {"most": 60, "seconds": 60}  # of one network
NOT_A_DAY = _("This is not a day. Write it as 2026-11-27.")
TOOK_TOO_LONG = _("This search took too long. Please add a word, or choose a section or a date.")


class SearchForm(forms.Form):
    """Whatever stands in an address is read as far as it makes sense."""

    q = forms.CharField(required=False)
    section: Any = forms.ModelChoiceField(
        None,
        required=False,
        to_field_name="slug",
        empty_label=_("All sections"),
        error_messages={"invalid_choice": _("There is no such section.")},
    )
    author = forms.CharField(required=False)
    since = forms.DateField(required=False, error_messages={"invalid": NOT_A_DAY})
    until = forms.DateField(required=False, error_messages={"invalid": NOT_A_DAY})
    sort = forms.ChoiceField(
        choices=[("", _("Best match first")), ("date", _("Newest first"))], required=False
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["section"]
        field.queryset = readable(SectionPage.objects).order_by("path")

    def clean_q(self) -> str:
        return " ".join(self.cleaned_data["q"].split())[:LONGEST]

    def clean_author(self) -> Any:
        """Those with that name; None: it was not asked for."""
        name = self.cleaned_data["author"].strip()[:LONGEST]
        found = listings.named(listings.authors(), name) if name else None
        if found == []:
            raise forms.ValidationError(_("Nobody with this name has signed an article."))
        return found

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        since, until = cleaned.get("since"), cleaned.get("until")
        if since and until and since > until:
            self.add_error("until", _("This day is before the first one."))
        return cleaned

    @property
    def wanted(self) -> Wanted:
        asked = self.cleaned_data
        return Wanted(
            text=asked["q"],
            section=asked["section"],
            authors=asked["author"],
            since=asked["since"],
            until=asked["until"],
            newest_first=asked["sort"] == "date",
        )

    @property
    def address(self) -> str:
        """What was asked for, as it stands in the address of the next page."""
        given = {name: self.data.get(name, "")[:LONGEST] for name in self.fields}
        return urlencode({name: value for name, value in given.items() if value})


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    form = SearchForm(request.GET)
    context: dict[str, Any] = {"form": form, "query": request.GET.get("q", "").strip()[:LONGEST]}
    status = 200
    if not form.is_valid():
        status = 422
    elif form.wanted.is_anything:
        if too_often(request, "search", **OFTEN):
            status, context["problem"] = 429, TOO_OFTEN
        else:
            try:
                with at_most(SECONDS):
                    context |= found_for(form, request.GET.get("page"))
            except TookTooLong:
                status, context["problem"] = 503, TOOK_TOO_LONG
    return render(request, "newsroom/search/search.html", context, status=status)


def found_for(form: SearchForm, page: str | None) -> dict[str, Any]:
    wanted = form.wanted
    authors, topics = in_name(wanted.text) if wanted.text else ([], [])
    found = look_up(wanted, authors, topics)
    here = Paginator(found.articles[:MOST], ARTICLES_A_PAGE).get_page(page)
    return {
        "query": wanted.text,
        "authors": authors,
        "topics": topics,
        "found": found,
        "articles": here,
        "results": results(*shown(list(here)), found.instead or wanted.text),
        "most": MOST,
        "asked": form.address,
        "narrowed": wanted.is_narrowed or wanted.newest_first,
    }
