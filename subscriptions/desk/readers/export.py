"""The list as a file: for who may take it away, has just shown that it is them, and says why."""

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.utils import timezone

from newsroom.staff.gate import needs_fresh_proof
from subscriptions.desk.readers import access
from subscriptions.desk.readers.forms import WhyForm
from subscriptions.models import Newsletter, Subscription
from subscriptions.transfer import exporting

A_SECOND = 50_000  # rows that a slow machine writes in one


class ExportForm(WhyForm):
    newsletters = forms.ModelMultipleChoiceField(
        Newsletter.objects.none(), widget=forms.CheckboxSelectMultiple
    )
    statuses = forms.MultipleChoiceField(
        label="Readers who are",
        choices=Subscription.Status.choices,
        initial=[Subscription.Status.CONFIRMED],
        widget=forms.CheckboxSelectMultiple,
    )
    field_order = ["newsletters", "statuses", "why"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        newsletters: Any = self.fields["newsletters"]
        newsletters.queryset = Newsletter.objects.live()


class Export(access.ReadersPage):
    template_name = "subscriptions/desk/readers/export.html"
    page_title = "Export"
    header_icon = "download"
    permission_required = access.EXPORT

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        rows = exporting.about(Newsletter.objects.live())
        context = {"form": ExportForm(), "rows": rows, "seconds": rows // A_SECOND}
        return context | super().get_context_data(**kwargs)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return needs_fresh_proof(self.export)(request)

    def export(self, request: HttpRequest) -> Any:
        """It is read here as fast as the database gives it, and waits for a slow client in the
        front (newsroom/web/front/). If that breaks off, there is no file, and no half one."""
        form = ExportForm(request.POST)
        if not form.is_valid():
            return self.render_to_response(self.get_context_data(form=form), status=422)
        chosen = form.cleaned_data
        lines = exporting.lines(chosen["newsletters"], chosen["statuses"])
        answer = StreamingHttpResponse(
            (piece for piece, _ in exporting.pieces(lines)), content_type="text/csv; charset=utf-8"
        )
        name = f"readers-{timezone.localdate()}.csv"
        answer["Content-Disposition"] = f'attachment; filename="{name}"'
        return answer
