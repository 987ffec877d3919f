"""Where editors write live updates: a form on top, the entries below. A phone is enough."""

from uuid import uuid4

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from wagtail.admin.auth import require_admin_access
from wagtail.admin.forms import WagtailAdminModelForm
from wagtail.images.widgets import AdminImageChooser

from newsroom.core.paths import number_of
from newsroom.live import writing
from newsroom.models import ArticlePage, Kind, LiveBlog, LiveEntry

A_PAGE = 50
WORDS = ["headline", "text", "picture", "is_key_point"]
TEMPLATES = "newsroom/live/desk"


class EntryForm(WagtailAdminModelForm):
    """``key`` names a new entry, so that a form pressed twice makes one."""

    key = forms.UUIDField(widget=forms.HiddenInput, required=False)

    class Meta:
        model = LiveEntry
        fields = WORDS
        widgets = {"text": forms.Textarea(attrs={"rows": 4}), "picture": AdminImageChooser}

    def clean_is_key_point(self) -> bool:
        is_key_point: bool = self.cleaned_data["is_key_point"]
        if is_key_point and not self.cleaned_data.get("headline"):
            raise forms.ValidationError("A key point stands on top by its headline: write one.")
        return is_key_point


def live_article(request: HttpRequest, pk: int) -> ArticlePage:
    """Of whom may publish it: an entry is out at once. 404 for what has no updates."""
    article = get_object_or_404(ArticlePage, pk=pk, kind=Kind.LIVE)
    if not article.permissions_for_user(request.user).can_publish():
        raise PermissionDenied
    return article


@require_admin_access
def live_desk(request: HttpRequest, pk: int) -> HttpResponse:
    """POST adds an entry, or ends it all (``over``: “1”), or begins again (“0”)."""
    article = live_article(request, pk)
    if over := request.POST.get("over", ""):
        writing.end(article, over == "1")
        return redirect("live_desk", pk)
    form = EntryForm(request.POST or None, initial={"key": uuid4()})
    if form.is_valid():
        entry = form.save(commit=False)
        entry.key = form.cleaned_data["key"] or uuid4()
        if writing.add(article, entry):
            messages.success(request, said(article, "It is out."))
        return redirect("live_desk", pk)
    blog = LiveBlog.objects.of(article)
    entries = Paginator(blog.entries.all(), A_PAGE).get_page(request.GET.get("p"))
    context = {"article": article, "form": form, "blog": blog, "entries": entries}
    return render(request, f"{TEMPLATES}/entries.html", context, status=422 if form.errors else 200)


@require_admin_access
def live_entry(request: HttpRequest, pk: int, entry: int) -> HttpResponse:
    """POST changes it, or withdraws it or puts it back (``to``: its status then)."""
    article = live_article(request, pk)
    row = get_object_or_404(LiveEntry, pk=entry, blog=article.pk)
    to = request.POST.get("to", "")
    if to in LiveEntry.MOVES:
        if writing.move(article, row, to):
            words = "Withdrawn." if to == LiveEntry.Status.WITHDRAWN else "Put back."
            messages.success(request, said(article, words))
        return redirect("live_desk", pk)
    form = EntryForm(request.POST or None, instance=row)
    seen = number_of(request.POST.get("seen", "")) if request.POST else row.changed
    now: LiveEntry | None = None
    if form.is_valid():
        fields = {name: form.cleaned_data[name] for name in WORDS}
        if writing.change(article, row, seen, fields):
            messages.success(request, said(article, "Changed."))
            return redirect("live_desk", pk)
        now = LiveEntry.objects.get(pk=entry)  # what was typed stays in the form
        seen = now.changed
    context = {"article": article, "form": form, "entry": row, "seen": seen, "now": now}
    status = 422 if form.errors else 409 if now else 200
    return render(request, f"{TEMPLATES}/entry.html", context, status=status)


def said(article: ArticlePage, words: str) -> str:
    return words if article.live else f"{words} Readers see it when the article is published."
