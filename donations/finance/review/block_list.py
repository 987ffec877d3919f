"""The newsroom's own block list: finance leads put an address or a name on it, and take off what is
there. Cards and networks come by the decision about a review."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse_lazy
from django.views.decorators.http import require_POST
from wagtail.admin.auth import require_admin_access

from donations.finance.common.access import BLOCK_LIST
from donations.models import BlockedMark
from newsroom.mail.addresses import AddressField
from newsroom.staff.gate import ask_to_prove, fresh, needs_fresh_proof
from newsroom.staff.pages import AdminPage

SHOWN = 200


class MarkForm(forms.Form):
    kind = forms.ChoiceField(
        label="What", choices=[(kind, kind.label.capitalize()) for kind in BlockedMark.INDEX_OF]
    )
    value = forms.CharField(
        label="Which",
        max_length=254,
        help_text="An address, or a name written out whole. It is not kept, only a number of it.",
    )
    why = forms.CharField(label="Why", max_length=300, help_text="Kept sealed.")

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("kind") == BlockedMark.Kind.ADDRESS and data.get("value"):
            try:
                data["value"] = AddressField(max_length=254).clean(data["value"])
            except forms.ValidationError as error:
                self.add_error("value", error)
        return data


class BlockList(AdminPage):
    template_name = "donations/finance/review/block_list.html"
    page_title = "Block list"
    header_icon = "lock"
    permission_required = BLOCK_LIST
    breadcrumbs_items = [
        *AdminPage.breadcrumbs_items,
        {"url": reverse_lazy("reviews"), "label": "Review"},
    ]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        rows = list(BlockedMark.objects.in_force()[: SHOWN + 1])
        return super().get_context_data(**kwargs) | {
            "form": kwargs.get("form") or MarkForm(),
            "rows": rows[:SHOWN],
            "more": len(rows) > SHOWN,
        }

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if request.method == "POST" and not fresh(request):
            return ask_to_prove(request)
        return super().dispatch(request, *args, **kwargs)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        form = MarkForm(request.POST)
        if not form.is_valid():
            return self.render_to_response(self.get_context_data(form=form), status=400)
        kind, value = form.cleaned_data["kind"], form.cleaned_data["value"]
        mark = (kind, BlockedMark.INDEX_OF[kind](value))
        new = BlockedMark.objects.put([mark], request.user.get_username(), form.cleaned_data["why"])
        messages.success(request, "It is on the list." if new else "It was on the list already.")
        return redirect("block_list")


@require_admin_access
@permission_required(BLOCK_LIST, raise_exception=True)
@require_POST
@needs_fresh_proof
def unblock(request: HttpRequest, pk: int) -> HttpResponse:
    get_object_or_404(BlockedMark, pk=pk).delete()
    messages.success(request, "It is off the list.")
    return redirect("block_list")
