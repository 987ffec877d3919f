"""Finance leads mail a year's statements: how many, one to look at, “Send”, and how it goes."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe
from wagtail.admin.auth import require_admin_access

from donations.finance.common.access import IDENTITIES, MAIL_STATEMENTS, FinancePage
from donations.finance.statements import emails, mailing
from donations.giving import receipts
from newsroom.core.languages import NAMES
from newsroom.core.paths import number_of
from newsroom.mail.catalogue import mails
from newsroom.mail.compose import compose
from newsroom.staff.gate import needs_fresh_proof

SHOWN = 200


class Statements(FinancePage):
    template_name = "donations/finance/statements/page.html"
    page_title = "Yearly statements"
    header_icon = "mail"
    permission_required = MAIL_STATEMENTS

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        known = mailing.years()
        asked = number_of(self.request.GET.get("year", ""))
        year = asked if asked in known else (known[0] if known else None)
        return super().get_context_data(**kwargs) | {"years": known, "year": year} | of_year(year)


def of_year(year: int | None) -> dict[str, Any]:
    if year is None:
        return {}
    counts, progress = mailing.by_language(year), mailing.progress(year)
    return {
        "languages": [(NAMES.get(code, code), count) for code, count in counts],
        "count": sum(count for _, count in counts),
        "examples": [
            (NAMES.get(code, code), code, example(year, code))
            for code, _ in counts
            if code in NAMES
        ],
        "progress": progress,
        "failed": mailing.failed(year)[:SHOWN] if progress.failed else [],
    }


def example(year: int, language: str) -> Any:
    """The mail, in that language."""
    words, _ = mails()[mailing.PURPOSE]
    return compose(words, emails.example(year, language))


@require_admin_access
@permission_required([MAIL_STATEMENTS, IDENTITIES], raise_exception=True)
@require_safe
def preview(request: HttpRequest, year: int) -> HttpResponse:
    """The statement of one of them."""
    donor = mailing.wanted(year).order_by("pk").first() if year in mailing.years() else None
    document = receipts.statement(donor, year) if donor else None
    if document is None:
        raise Http404
    headers = {"Content-Disposition": f'inline; filename="contributions-{year}-example.pdf"'}
    return HttpResponse(document, content_type="application/pdf", headers=headers)


@require_admin_access
@permission_required(MAIL_STATEMENTS, raise_exception=True)
@require_POST
@needs_fresh_proof
def send(request: HttpRequest, year: int) -> HttpResponse:
    """A POST asks once more; the POST of that page does it."""
    back = redirect(f"{reverse('statements')}?year={year}")
    if "back" in request.POST:
        return back
    if "confirmed" not in request.POST:
        context = {"year": year, "count": sum(count for _, count in mailing.by_language(year))}
        if not context["count"] or year not in mailing.years():
            messages.error(request, "There is nobody to write to.")
            return back
        return render(request, "donations/finance/statements/confirm.html", context)
    try:
        many = mailing.ask(year, request.user, number_of(request.POST["confirmed"]))
        messages.success(request, f"{many:,} mails are on their way.")
    except mailing.NotSent as reason:
        messages.error(request, str(reason))
    return back


@require_admin_access
@permission_required(MAIL_STATEMENTS, raise_exception=True)
@require_POST
@needs_fresh_proof
def again(request: HttpRequest, year: int) -> HttpResponse:
    many = mailing.try_again(year)
    messages.success(request, f"{many:,} are tried again." if many else "Nothing has failed.")
    return redirect(f"{reverse('statements')}?year={year}")
