"""The bank's statements: brought, matched, and what is left explained by a person."""

from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse, reverse_lazy
from django.views.decorators.http import require_POST
from wagtail.admin.auth import require_admin_access

from donations import money
from donations.books.bank import reading, statements
from donations.finance.common.access import EXPLAIN_LINES
from donations.models import BankFile, BankLine
from newsroom.core.table_files.reading import Unreadable
from newsroom.staff.pages import AdminPage

SHOWN, LIKELIEST = 100, 20


class StatementForm(forms.Form):
    file = forms.FileField(
        label="Statement",
        help_text="CAMT.053, MT940, CSV or XLSX, as your bank gives it out. The file is not kept; "
        "the same one twice changes nothing.",
    )


class Bank(AdminPage):
    template_name = "donations/finance/bank.html"
    page_title = "Bank"
    header_icon = "home"
    permission_required = EXPLAIN_LINES

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        open_ones = BankLine.objects.open()
        known = BankLine.objects.exclude(pk__in=open_ones.values("pk"))
        return super().get_context_data(**kwargs) | {
            "form": kwargs.get("form") or StatementForm(),
            "open": open_ones[:SHOWN],
            "waiting": open_ones.count(),
            "known": known.select_related("payout").prefetch_related("gifts__contribution")[:SHOWN],
            "files": BankFile.objects.all()[:10],
        }

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        form = StatementForm(request.POST, request.FILES)
        if form.is_valid():
            file = form.cleaned_data["file"]
            try:
                kind, lines = reading.read(file.read(), file.name)
                done = statements.take_in(file.name, kind, lines, request.user.get_username())
                messages.success(
                    request,
                    f"{kind}: {done.new:,} new lines, {done.known:,} known before; "
                    f"{done.matched:,} matched by themselves.",
                )
                return redirect("bank")
            except Unreadable as reason:
                form.add_error("file", str(reason))
        return self.render_to_response(self.get_context_data(form=form), status=400)


class BankLinePage(AdminPage):
    """One line, and what it may be."""

    template_name = "donations/finance/bank_line.html"
    page_title = "Line of the bank’s"
    header_icon = "home"
    permission_required = EXPLAIN_LINES
    breadcrumbs_items = [
        *AdminPage.breadcrumbs_items,
        {"url": reverse_lazy("bank"), "label": "Bank"},
    ]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        line = get_object_or_404(BankLine, pk=self.kwargs["pk"])
        payouts, gifts = statements.candidates(line)
        is_open = line.booking_id is None and not line.not_ours
        in_hand = statements.in_hand(line) if is_open and line.amount > 0 else []
        ticked = self.request.GET.getlist("gift") or [str(one.pk) for one in in_hand]
        come_to = sum(one.contribution.left for one in in_hand if str(one.pk) in ticked)
        return super().get_context_data(**kwargs) | {
            "line": line,
            "payouts": payouts[:LIKELIEST],
            "gifts": gifts[:LIKELIEST],
            "is_open": is_open,
            "in_hand": [(one, str(one.pk) in ticked) for one in in_hand],
            "come_to": money.show(come_to, line.currency),
            "difference": money.signed(line.amount - come_to, line.currency),
        }


@require_admin_access
@permission_required(EXPLAIN_LINES, raise_exception=True)
@require_POST
def explain(request: HttpRequest, pk: int) -> HttpResponse:
    """POST do=payout:… | gift:… | deposit, with gifts | not_ours | take_back."""
    line, what = get_object_or_404(BankLine, pk=pk), request.POST.get("do", "")
    gifts = request.POST.getlist("gift")
    try:
        if what == "deposit":
            statements.deposit(line, gifts)
        elif what == "not_ours":
            statements.not_ours(line)
        elif what == "take_back":
            statements.take_back(line)
        else:
            statements.explain(line, what)
        messages.success(request, f"{line}: done.")
    except statements.NotSo as reason:
        messages.error(request, str(reason))
        if what == "deposit":  # with what was ticked
            return redirect(f"{reverse('bank_line', args=[pk])}?{urlencode({'gift': gifts}, True)}")
    return redirect("bank")
