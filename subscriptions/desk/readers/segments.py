"""Segments: made, counted, put away. Numbers of readers, never who."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.db import IntegrityError, connection, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST
from wagtail.admin.auth import require_admin_access

from newsroom.core import languages
from newsroom.core.jobs import after_commit
from subscriptions.desk.readers import access
from subscriptions.models import Newsletter, ReaderMove, Segment

MOST = 200
# An index has millions of entries and some tens of values: from each to the next one.
DISTINCT = """
    WITH RECURSIVE found (one) AS (
        SELECT min({column}) FROM {table} WHERE {column} > ''
        UNION ALL
        SELECT (SELECT min({column}) FROM {table} WHERE {column} > found.one AND {column} <> '')
        FROM found WHERE found.one IS NOT NULL
    )
    SELECT one FROM found WHERE one IS NOT NULL LIMIT %s
"""


def distinct(table: str, column: str) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(DISTINCT.format(table=table, column=column), [MOST])
        return [one for (one,) in cursor.fetchall()]


def tags() -> list[str]:
    return distinct("subscriptions_readertag", "name")


def countries() -> list[tuple[str, str]]:
    """Those that readers told us, with their names."""
    told = set(distinct("subscriptions_subscriber", "country"))
    return [(code, name) for code, name in languages.countries("en").items() if code in told]


def sources() -> list[str]:
    found = ReaderMove.objects.order_by("source").values_list("source", flat=True)
    return list(found.distinct())


class SegmentForm(forms.ModelForm):
    newsletter = forms.ModelChoiceField(Newsletter.objects.none(), empty_label=None)
    sources = forms.MultipleChoiceField(
        label="They came by one of these", required=False, widget=forms.CheckboxSelectMultiple
    )
    languages = forms.MultipleChoiceField(
        label="They read in one of these languages",
        required=False,
        choices=languages.CHOICES,
        widget=forms.CheckboxSelectMultiple,
        help_text="As they chose on their own page; who chose none reads in the newsletter’s.",
    )
    countries = forms.MultipleChoiceField(
        label="They told us that they live in one of these countries",
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    tags = forms.MultipleChoiceField(
        label="They have one of these tags", required=False, widget=forms.CheckboxSelectMultiple
    )

    class Meta:
        model = Segment
        fields = [
            "newsletter", "name", "sources", "languages", "countries", "tags", "confirmed_from",
            "confirmed_until", "supporter",
        ]  # fmt: skip
        labels = {
            "confirmed_from": "Confirmed on this day or later",
            "confirmed_until": "Confirmed on this day or before",
            "supporter": "Supporters",
        }
        help_texts = {
            "supporter": "Who gives regularly, or gave within a year, by the same address. Looked "
            "up when the issue goes, and kept nowhere."
        }
        widgets = {
            "confirmed_from": forms.DateInput(attrs={"type": "date"}),
            "confirmed_until": forms.DateInput(attrs={"type": "date"}),
            "supporter": forms.Select(choices=Segment.Supporter.choices),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: Any = self.fields
        fields["newsletter"].queryset = Newsletter.objects.live()
        fields["sources"].choices = [(one or " ", one or "not noted") for one in sources()]
        fields["tags"].choices = [(name, name) for name in tags()]
        fields["countries"].choices = countries()
        for name in ("tags", "countries"):
            if not fields[name].choices:
                del fields[name]

    def clean_sources(self) -> list[str]:
        return [one.strip() for one in self.cleaned_data["sources"]]

    def clean(self) -> dict[str, Any]:
        typed = super().clean() or {}
        first, last = typed.get("confirmed_from"), typed.get("confirmed_until")
        if first and last and first > last:
            self.add_error("confirmed_until", "That is before the other day.")
        asked = set(self.Meta.fields) - {"newsletter", "name"}
        if not self.errors and not any(typed.get(name) for name in asked):
            raise forms.ValidationError("Everybody is in it: choose what tells them apart.")
        return typed


class Segments(access.ReadersPage):
    template_name = "subscriptions/desk/readers/segments.html"
    page_title = "Segments"
    header_icon = "group"
    permission_required = access.SEE

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        offered = Segment.objects.offered().select_related("newsletter")
        context = {"segments": offered.order_by("newsletter", "name"), "form": SegmentForm()}
        return context | super().get_context_data(**kwargs)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        form = SegmentForm(request.POST)
        if not form.is_valid() or not self.saved(form):
            return self.render_to_response(self.get_context_data(form=form), status=422)
        after_commit("subscriptions.tasks.count_segments")
        messages.success(request, "It is being counted; then an issue can go to it.")
        return redirect("segments")

    def saved(self, form: SegmentForm) -> bool:
        """Not if there is one of its name, also when a colleague is faster."""
        try:
            with transaction.atomic():
                form.save()
        except IntegrityError:
            form.add_error("name", "There is a segment of that name.")
        return not form.errors


@require_admin_access
@permission_required(access.SEE, raise_exception=True)
@require_POST
def act(request: HttpRequest, pk: int) -> HttpResponse:
    """Count it again, or put it away. What an issue goes to stays so."""
    segment = get_object_or_404(Segment, pk=pk)
    if "count" in request.POST:
        Segment.objects.filter(pk=segment.pk).update(count_again=True)
        after_commit("subscriptions.tasks.count_segments")
        messages.success(request, "It is being counted.")
    else:
        Segment.objects.filter(pk=segment.pk).update(archived=True)
        messages.success(request, f"“{segment.name}” is put away.")
    return redirect("segments")
