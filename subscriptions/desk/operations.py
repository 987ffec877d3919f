"""Operations in the admin: calls to review, the provider and how fast it is fed, seed lists."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_POST
from wagtail.admin.auth import require_admin_access

from newsroom.core.jobs import after_commit
from newsroom.core.paths import number_of
from newsroom.mail import outbox, providers
from newsroom.mail.addresses import AddressField
from newsroom.models import TransactionalMail
from newsroom.web.http import absolute_url
from subscriptions.desk.access import NewslettersPage
from subscriptions.models import Batch, Newsletter, ProviderEventKey, Throttle
from subscriptions.models.mailing import APPROVE
from subscriptions.readers import seeds
from subscriptions.sending import reconcile

MOST_SEEDS = 20


class CallsToReview(NewslettersPage):
    """Each call that may or may not have been taken, and everything known about it."""

    template_name = "subscriptions/desk/needs_review.html"
    page_title = "Calls to review"
    permission_required = APPROVE

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        unsettled = (
            Batch.objects.filter(status__in=Batch.UNSETTLED)
            .select_related("mailing__issue")
            .prefetch_related("events")
            .order_by("-status", "mailing", "seq")  # “needs review” before “in doubt”
        )
        return super().get_context_data(**kwargs) | {
            "to_review": [
                batch for batch in unsettled if batch.status == Batch.Status.NEEDS_REVIEW
            ],
            "in_doubt": [batch for batch in unsettled if batch.status == Batch.Status.IN_DOUBT],
            "provider": providers.current(),
        }


@require_admin_access
@permission_required(APPROVE, raise_exception=True)
@require_POST
def decide(request: HttpRequest, pk: str) -> HttpResponse:
    """The word of an editor on one call."""
    try:
        batch = Batch.objects.get(pk=pk)
    except (Batch.DoesNotExist, ValidationError) as error:
        raise Http404 from error
    decision = request.POST.get("decision")
    if decision not in ("sent", "send"):
        messages.error(request, "Say whether it was sent, or is to be sent.")
    elif not reconcile.decide(batch, sent=decision == "sent", by=request.user.get_username()):
        messages.error(request, "Somebody else has decided about these readers already.")
    else:
        after_commit("subscriptions.tasks.start_send_loops")
        words = "Noted as sent" if decision == "sent" else "It goes out again"
        messages.success(request, f"{words}: {batch.recipients:,} readers.")
    issue = request.POST.get("issue", "")
    return redirect("issue_desk", issue) if number_of(issue) else redirect("calls_to_review")


class ThrottleForm(forms.ModelForm):
    class Meta:
        model = Throttle
        fields = ["most_per_second", "warm_up_from"]
        widgets = {"warm_up_from": forms.DateInput(attrs={"type": "date"})}


class Delivery(NewslettersPage):
    """Which provider sends, what it can and can't do, how fast it is fed."""

    template_name = "subscriptions/desk/delivery.html"
    page_title = "Mail delivery"
    permission_required = APPROVE

    def throttle(self) -> Throttle:
        key = providers.current().key
        return Throttle.objects.filter(pk=key).first() or Throttle(provider=key)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        throttle, now, hook = self.throttle(), timezone.now(), providers.current().hook
        closed = throttle.closed_until and throttle.closed_until > now
        return super().get_context_data(**kwargs) | {
            "provider": providers.current(),
            "hook": absolute_url("provider_events", hook.name) if hook else "",
            "newsletters": Newsletter.objects.live().order_by("path"),
            "tests": TransactionalMail.objects.filter(purpose="sender_test").order_by("-pk")[:3],
            "told": ProviderEventKey.objects.exists(),
            "providers": providers.table(),
            "form": kwargs.get("form") or ThrottleForm(instance=throttle),
            "rate": throttle.rate_at(now),
            "slowed": throttle.rate_at(now) != throttle.most_per_second,
            "closed_until": throttle.closed_until if closed else None,
            "left_today": throttle.left_today(now),
        }

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if "test" in request.POST:
            return send_test(request)
        form = ThrottleForm(request.POST, instance=self.throttle())
        if not form.is_valid():
            return self.render_to_response(self.get_context_data(form=form), status=400)
        throttle = form.save(commit=False)
        throttle.closed_until = None  # a plan that is gone holds nothing back
        throttle.save()
        after_commit("subscriptions.tasks.start_send_loops")
        messages.success(request, "Saved. It holds from the next call on.")
        return redirect("mail_delivery")


def send_test(request: HttpRequest) -> HttpResponse:
    """A mail of that newsletter's sender to who asks, once in ten minutes."""
    live, pk = Newsletter.objects.live(), number_of(request.POST["test"])
    newsletter, user = get_object_or_404(live, pk=pk), request.user
    key = f"{newsletter.pk}-{user.pk}-{newsletter.sender}-{outbox.ten_minutes()}"
    if outbox.post("sender_test", newsletter.pk, key=key, second_id=user.pk):
        messages.success(request, "On its way to you. Look into your inbox, and here again.")
    else:
        messages.info(request, "One is on its way to you already; another one in ten minutes.")
    return redirect("mail_delivery")


class SeedForm(forms.Form):
    addresses = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="Colleagues' mailboxes at the large providers, one on each line. They get each "
        "issue first.",
    )

    def clean_addresses(self) -> list[str]:
        lines = [line.strip() for line in self.cleaned_data["addresses"].splitlines()]
        if len(lines) > MOST_SEEDS:
            raise ValidationError(f"At most {MOST_SEEDS} at a time: each of them gets a mail.")
        return [AddressField(max_length=254).clean(line) for line in lines if line]


class Seeds(NewslettersPage):
    """A newsletter's seed list."""

    template_name = "subscriptions/desk/seeds.html"
    permission_required = APPROVE

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        self.newsletter = get_object_or_404(Newsletter, pk=kwargs["pk"])

    def get_page_title(self) -> str:
        return f"Seed list of {self.newsletter.title}"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs) | {
            "newsletter": self.newsletter,
            "seeds": self.newsletter.seeds.select_related("subscription").order_by("pk"),
            "form": kwargs.get("form") or SeedForm(),
        }

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if removed := request.POST.get("remove", ""):
            if seed := self.newsletter.seeds.filter(pk=number_of(removed)).first():
                seeds.remove(seed)
                messages.success(request, "Off the seed list. Who was subscribed stays so.")
            return redirect("seeds", self.newsletter.pk)
        form = SeedForm(request.POST)
        if not form.is_valid():
            return self.render_to_response(self.get_context_data(form=form), status=400)
        for address in form.cleaned_data["addresses"]:
            seeds.ask(self.newsletter, address)
        messages.success(request, "Each is on the list when its owner agrees: they get a mail.")
        return redirect("seeds", self.newsletter.pk)
