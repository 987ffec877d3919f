"""Drafts for who has no account: the links an editor makes and takes back, and what they open."""

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from wagtail.admin.auth import require_admin_access

from newsroom.core.paths import number_of
from newsroom.models import ArticlePage, PreviewLink
from newsroom.web.http import absolute_url, dead_link

# Found by no search, kept by no cache; nobody's server hears the address, which is the key.
# Set by the view: Django’s middleware has put its own Referrer-Policy before headers.py looks.
HEADERS = {
    "X-Robots-Tag": "noindex, nofollow, noarchive",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "private, no-store",
}
DAYS = [1, 3, 7, 14, 30]


@require_safe
def preview(request: HttpRequest, token: str) -> HttpResponse:
    """The article as the link has it. Nothing is counted, and nothing changed."""
    link = PreviewLink.objects.opened_by(token, timezone.now())
    if link is None:
        words = _("The preview is over, or was taken back. Ask whoever sent you the link.")
        answer = dead_link(request, words, 404)
    else:
        request.is_preview = True  # type: ignore[attr-defined]
        context = link.draft.get_context(request) | {"draft_until": link.ends_at}
        answer = render(request, "newsroom/publishing/draft.html", context)
    for name, value in HEADERS.items():
        answer.headers[name] = value
    return answer


class LinkForm(forms.Form):
    shows = forms.ChoiceField(
        choices=[
            ("this", "The text as it is now, whatever is written next"),
            ("newest", "Always the newest draft"),
        ],
        initial="this",
        widget=forms.RadioSelect,
    )
    days = forms.TypedChoiceField(
        choices=[(days, f"{days} day{'s' if days > 1 else ''}") for days in DAYS],
        coerce=int,
        initial=7,
        label="Works for",
    )
    note = forms.CharField(
        required=False,
        max_length=100,
        help_text="To tell your links apart. It is sealed; still, leave the names of sources out.",
    )


@require_admin_access
def preview_links(request: HttpRequest, pk: int) -> HttpResponse:
    """The links of one article. POST makes one, or takes one back (``end``: its number)."""
    article = get_object_or_404(ArticlePage, pk=pk)
    if not article.permissions_for_user(request.user).can_edit():
        raise PermissionDenied
    now = timezone.now()
    if taken_back := request.POST.get("end", ""):
        article.preview_links.open(now).filter(pk=number_of(taken_back)).update(ends_at=now)
        messages.success(request, "Taken back: it opens nothing any more.")
        return redirect("preview_links", pk)
    form = LinkForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        make(article, form.cleaned_data, request.user)
        messages.success(request, "Here it is. Whoever has it can read the draft.")
        return redirect("preview_links", pk)
    links = [
        (link, absolute_url("preview", link.token) if link.ends_at > now else "")
        for link in article.preview_links.select_related("made_by", "revision")[:50]
    ]
    context = {"article": article, "form": form, "links": links}
    status = 400 if form.errors else 200
    return render(request, "newsroom/editing/preview_links.html", context, status=status)


def make(article: ArticlePage, typed: dict[str, Any], user: Any) -> PreviewLink:
    """From here on the revision it shows is not written over: see AddressedPage.save_revision."""
    with transaction.atomic():
        locked = ArticlePage.objects.select_for_update(of=("self",)).get(pk=article.pk)
        shown = locked.latest_revision or locked.save_revision(user=user)
        return PreviewLink.objects.create(
            article=locked,
            revision=shown if typed["shows"] == "this" else None,
            note=typed["note"],
            made_by=user,
            ends_at=timezone.now() + timedelta(days=typed["days"]),
        )
