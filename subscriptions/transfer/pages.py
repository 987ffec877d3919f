"""Moving in, in the admin: a file is uploaded, explained, looked through, imported; and undone."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse_lazy
from django.views.decorators.http import require_POST, require_safe
from wagtail.admin.auth import require_admin_access

from newsroom.core.table_files.reading import Unreadable
from newsroom.staff.gate import needs_fresh_proof
from newsroom.staff.pages import AdminPage
from newsroom.web.exports import csv_response
from subscriptions.models import ReaderImport
from subscriptions.transfer import importing, report, undoing
from subscriptions.transfer.formats import BY_KEY
from subscriptions.transfer.forms import MappingForm, UploadForm
from subscriptions.transfer.meaning import Incomplete, Mapping, Person, masked
from subscriptions.transfer.stored import TooLarge

IMPORT = "subscriptions.import_readers"
NEWEST = 30
Status = ReaderImport.Status


class Imports(AdminPage):
    """All of them, and the form for another."""

    template_name = "subscriptions/transfer/imports.html"
    page_title = "Import readers"
    header_icon = "download"
    permission_required = IMPORT
    breadcrumbs_items = [
        *AdminPage.breadcrumbs_items,
        {"url": reverse_lazy("readers"), "label": "Readers"},
    ]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        imports = ReaderImport.objects.select_related("newsletter")[:NEWEST]
        return super().get_context_data(**kwargs) | {
            "imports": [(one, one.counts.get("added", 0)) for one in imports],
            "form": kwargs.get("form") or UploadForm(),
            "tools": [one.name for one in BY_KEY.values() if one.key != "plain"],
        }

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        form = UploadForm(request.POST, request.FILES)
        if form.is_valid():
            file = form.cleaned_data["file"]
            try:
                made = importing.take(
                    form.cleaned_data["newsletter"],
                    file,
                    file.name,
                    request.user.get_username(),
                )
                return redirect("reader_import", made.pk)
            except Unreadable as reason:
                form.add_error("file", str(reason))
            except TooLarge:
                form.add_error("file", "This file is too large. Please cut it into several.")
        return self.render_to_response(self.get_context_data(form=form), status=422)


class Import(AdminPage):
    """One of them, wherever it stands."""

    template_name = "subscriptions/transfer/import.html"
    header_icon = "download"
    permission_required = IMPORT
    breadcrumbs_items = [
        *Imports.breadcrumbs_items,
        {"url": reverse_lazy("reader_imports"), "label": "Import readers"},
    ]

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        found = ReaderImport.objects.select_related("newsletter")
        self.object: ReaderImport = get_object_or_404(found, pk=kwargs["pk"])

    def get_page_title(self) -> str:
        return f"Import {self.object.pk} into {self.object.newsletter.title}"

    @property
    def is_explained(self) -> bool:
        explainable = self.object.status in (Status.CHECKED, Status.FAILED)
        again = explainable and "explain" in self.request.GET and not self.object.started_at
        return not (again or self.object.status == Status.UPLOADED)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs) | context_of(self.object)
        return context if self.is_explained else context | self.questions(kwargs.get("form"))

    def questions(self, form: MappingForm | None) -> dict[str, Any]:
        looked, mapping = importing.look(self.object), Mapping.of(self.object.mapping)
        form = form or MappingForm(None, looked, mapping, self.object.consent)
        said = form.mapping() if form.is_bound and form.is_valid() else mapping
        return {
            "form": form,
            "looked": looked,
            "rows": rows_shown(looked, said),
            "title": looked.found.name,
        }

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if self.object.status not in (Status.UPLOADED, Status.CHECKED, Status.FAILED):
            return redirect("reader_import", self.object.pk)
        looked, mapping = importing.look(self.object), Mapping.of(self.object.mapping)
        form = MappingForm(request.POST, looked, mapping)
        if form.is_valid():
            try:
                said = form.mapping()
                importing.explain(self.object, said, form.cleaned_data["consent"])
            except Incomplete as reason:
                form.add_error(None, str(reason))
            except importing.Changed:
                messages.error(request, "A colleague has gone on with it meanwhile.")
        if form.is_valid():
            return redirect("reader_import", self.object.pk)
        context = self.get_context_data() | self.questions(form)
        return self.render_to_response(context, status=422)


def rows_shown(looked: importing.Looked, mapping: Mapping) -> list[dict[str, Any]]:
    """The first ones as they will be read, their addresses masked; what is still to be said of
    them stands open."""
    if mapping.address not in looked.names:
        return []
    states = {word: state or "active" for word, state in mapping.states.items()}
    guess = mapping.as_json() | {"states": states, "otherwise": mapping.otherwise or "active"}
    people = importing.first_rows(looked, Mapping(**guess))
    try:
        said: list[Person | str] = importing.first_rows(looked, mapping)
    except Incomplete:
        said = [""] * len(people)
    return [
        {"problem": one} if isinstance(one, str) else shown(one, getattr(known, "state", ""))
        for one, known in zip(people, said, strict=True)
    ]


def shown(person: Person, state: str) -> dict[str, Any]:
    return {
        "address": masked(person.email),
        "state": state or "to be said",
        "since": person.since,
        "left": person.left,
        "way": person.way,
    }


def context_of(reader_import: ReaderImport) -> dict[str, Any]:
    return {
        "import": reader_import,
        "lines": report.lines(reader_import),
        "problems": reader_import.counts.get("problems", 0),
        "why_not": undoing.why_not(reader_import),
    }


@require_admin_access
@permission_required(IMPORT, raise_exception=True)
@require_safe
def progress(request: HttpRequest, pk: int) -> HttpResponse:
    """How far it is, asked for each second while it goes."""
    context = context_of(get_object_or_404(ReaderImport, pk=pk))
    return render(request, "subscriptions/transfer/progress.html", context)


@require_admin_access
@permission_required(IMPORT, raise_exception=True)
@require_safe
def problems(request: HttpRequest, pk: int) -> FileResponse:
    found = get_object_or_404(ReaderImport, pk=pk)
    return csv_response(report.problem_rows(found), f"import-{found.pk}-left-out")


ACTIONS = {"begin": importing.begin, "drop": importing.drop, "undo": undoing.begin}


@require_admin_access
@permission_required(IMPORT, raise_exception=True)
@require_POST
@needs_fresh_proof
def act(request: HttpRequest, pk: int, action: str) -> HttpResponse:
    found = get_object_or_404(ReaderImport, pk=pk)
    if action not in ACTIONS:
        raise Http404
    try:
        ACTIONS[action](found)
    except importing.Changed:
        messages.error(request, undoing.why_not(found) or "A colleague has gone on with it.")
    return redirect("reader_import", found.pk)
