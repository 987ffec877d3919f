"""A donor's page. Without the right to know who they are it has a number, sums and gifts."""

from collections import defaultdict
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.db.models import Count, F, QuerySet, Sum
from django.db.models.functions import ExtractYear
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe
from wagtail.admin.auth import require_admin_access

from donations import money
from donations.finance.common.access import CHANGE_DONORS, IDENTITIES, MERGE_DONORS, FinancePage
from donations.finance.common.paging import page
from donations.finance.donors import changing
from donations.giving import receipts
from donations.models import Contribution, Donor, Receipt
from newsroom.core.paths import number_of
from newsroom.mail import outbox
from newsroom.mail.addresses import AddressField
from newsroom.staff.gate import needs_fresh_proof

ROWS = 50


class DonorPage(FinancePage):
    template_name = "donations/finance/donors/donor.html"
    header_icon = "user"

    def get_page_title(self) -> str:
        return f"Donor {self.kwargs['pk']}"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        donor = get_object_or_404(Donor, pk=self.kwargs["pk"])
        gifts = donor.contributions.select_related("receipt", "appeal").order_by("-created_at")
        rows = page(gifts, self.request.GET, ROWS)
        return super().get_context_data(**kwargs) | {
            "donor": donor,
            "known": self.request.user.has_perm(IDENTITIES),
            "years": by_year(donor.contributions.all()),
            "regular": donor.recurring.order_by("-started_at")[:ROWS],
            "page": rows,
        }


def by_year(gifts: QuerySet[Contribution]) -> list[dict[str, Any]]:
    """What was left of what they gave in each year, by the newsroom's clock; the newest first."""
    arrived = gifts.filter(status__in=Contribution.ARRIVED, received_at__isnull=False)
    rows = (
        arrived.order_by()
        .values(year=ExtractYear("received_at"), code=F("currency"))
        .annotate(count=Count("pk"), sum=Sum("amount") - Sum("returned"))
    )
    years: dict[int, dict[str, Any]] = defaultdict(lambda: {"count": 0, "sums": []})
    for row in sorted(rows, key=lambda row: row["code"]):
        years[row["year"]]["count"] += row["count"]
        years[row["year"]]["sums"].append(money.show(row["sum"], row["code"]))
    return [{"year": year} | years[year] for year in sorted(years, reverse=True)]


class WhyForm(forms.Form):
    why = forms.CharField(
        max_length=300, error_messages={"required": "Please say why: the audit log keeps it."}
    )


class AddressForm(WhyForm):
    email = AddressField(max_length=254)


class MergeForm(WhyForm):
    into = forms.ModelChoiceField(
        Donor.objects.all(),
        error_messages={"invalid_choice": "There is no donor with this number."},
    )
    confirmed = forms.BooleanField(required=False)


def first_error(form: forms.Form) -> str:
    return str(next(iter(form.errors.values()))[0])


def again(request: HttpRequest, pk: int, form: str) -> HttpResponse:
    """The donor's page, with what was typed into that form."""
    page = DonorPage()
    page.setup(request, pk=pk)
    context = page.get_context_data(pk=pk) | {"kept": {form: request.POST}}
    return page.render_to_response(context, status=409)


@require_admin_access
@permission_required([CHANGE_DONORS, IDENTITIES], raise_exception=True)
@require_POST
@needs_fresh_proof
def correct_address(request: HttpRequest, pk: int) -> HttpResponse:
    donor, form = get_object_or_404(Donor, pk=pk), AddressForm(request.POST)
    if not form.is_valid():
        messages.error(request, first_error(form))
        return again(request, pk, "address")
    try:
        donor = changing.correct_address(donor, form.cleaned_data["email"])
    except changing.NotChanged as error:
        messages.error(request, str(error))
        return again(request, pk, "address")
    else:
        messages.success(request, "The address is corrected. Links in earlier mails are dead.")
    return redirect("donor", donor.pk)


@require_admin_access
@permission_required([MERGE_DONORS, IDENTITIES], raise_exception=True)
@require_POST
@needs_fresh_proof
def merge_donors(request: HttpRequest, pk: int) -> HttpResponse:
    """A POST shows both; the POST of that page does it."""
    donor, form = get_object_or_404(Donor, pk=pk), MergeForm(request.POST)
    if not form.is_valid():
        messages.error(request, first_error(form))
        return again(request, pk, "merge")
    into = form.cleaned_data["into"]
    if form.cleaned_data["confirmed"] or into == donor:
        try:
            changing.merge(donor, into)
        except changing.NotChanged as error:
            messages.error(request, str(error))
            return again(request, pk, "merge")
        messages.success(request, "They are one donor now.")
        return redirect("donor", into.pk)
    both = [(one, by_year(one.contributions.all())) for one in (donor, into)]
    context = {"donor": donor, "into": into, "both": both, "why": form.cleaned_data["why"]}
    return render(request, "donations/finance/donors/merge.html", context)


@require_admin_access
@permission_required(IDENTITIES, raise_exception=True)
@require_safe
def statement_of(request: HttpRequest, pk: int, year: int) -> HttpResponse:
    """To print and send by post, say."""
    document = receipts.statement(get_object_or_404(Donor, pk=pk), year) if year < 10000 else None
    if document is None:
        raise Http404
    return _pdf(document, f"contributions-{year}-donor-{pk}")


@require_admin_access
@permission_required(IDENTITIES, raise_exception=True)
@require_safe
def receipt_of(request: HttpRequest, pk: int) -> HttpResponse:
    found = Receipt.objects.select_related("contribution__donor")
    receipt = get_object_or_404(found, contribution=pk)
    return _pdf(receipts.receipt(receipt), f"receipt-{receipt}")


def _pdf(document: bytes, name: str) -> HttpResponse:
    headers = {"Content-Disposition": f'attachment; filename="{name}.pdf"'}
    return HttpResponse(document, content_type="application/pdf", headers=headers)


@require_admin_access
@permission_required(CHANGE_DONORS, raise_exception=True)
@require_POST
def mail_donor(request: HttpRequest, pk: int) -> HttpResponse:
    """A receipt again, or a year's statement: by a link to their own page, as a mail that somebody
    else opens must not hold it. Who presses twice within ten minutes sends one."""
    donor = get_object_or_404(Donor, pk=pk)
    year = number_of(request.POST.get("year", ""))
    if year in receipts.years_of(donor):
        key = f"{donor.pk}-{year}-{outbox.ten_minutes()}"
        outbox.post("statement_again", donor.pk, key=key, second_id=year)
    else:
        found = Receipt.objects.filter(contribution__donor=donor)
        receipt = get_object_or_404(found, pk=number_of(request.POST.get("receipt", "")))
        outbox.post("receipt_again", receipt.pk, key=f"{receipt.pk}-{outbox.ten_minutes()}")
    messages.success(request, "The mail is on its way.")
    return redirect("donor", pk)
