"""“Mail it”: one article, at once, to the readers of a newsletter; in three clicks, after the same
checks as any issue."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from wagtail.admin.auth import require_admin_access

from newsroom.core.jobs import after_commit
from newsroom.models import ArticlePage
from subscriptions.desk import emails
from subscriptions.issues import checklist
from subscriptions.models import IssuePage, Newsletter
from subscriptions.models.mailing import APPROVE
from subscriptions.readers.audience import size_of
from subscriptions.sending import freezing


class SendArticleForm(forms.Form):
    newsletter = forms.ModelChoiceField(
        Newsletter.objects.none(), empty_label=None, widget=forms.RadioSelect
    )
    subject = forms.CharField(max_length=150)
    preheader = forms.CharField(max_length=150, required=False)
    full_text = forms.BooleanField(required=False, label="The whole article in the mail")

    def __init__(self, *args: Any, newsletters: list[Newsletter], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["newsletter"]
        field.queryset = Newsletter.objects.filter(pk__in=[one.pk for one in newsletters])
        field.label_from_instance = lambda one: f"{one.title} ({size_of(one):,} readers)"


def newsletters_for(user: Any) -> list[Newsletter]:
    """Those that this editor may add an issue to; the ones without a fixed day first, as they are
    made for it."""
    found = [
        newsletter
        for newsletter in Newsletter.objects.live().order_by("path")
        if newsletter.permissions_for_user(user).can_add_subpage()
    ]
    return sorted(found, key=lambda newsletter: newsletter.weekday is not None)


@require_admin_access
def mail_it(request: HttpRequest, pk: int) -> HttpResponse:
    """GET proposes subject and newsletter; POST makes the issue and sends it, or asks a colleague
    to approve it, or shows what stops it. Pressed twice, it is made once."""
    article = get_object_or_404(ArticlePage.objects.in_print(), pk=pk)
    newsletters = newsletters_for(request.user)
    if not newsletters or not request.user.has_perm(APPROVE):
        raise PermissionDenied
    proposed = {
        "newsletter": newsletters[0],
        "subject": article.title[:150],
        "preheader": article.teaser[:150],
    }
    typed = request.POST if request.method == "POST" else None
    form = SendArticleForm(typed, initial=proposed, newsletters=newsletters)
    if not form.is_valid():
        context = {"article": article, "form": form, "two_people": newsletters[0].two_people}
        status = 422 if typed else 200
        return render(request, "subscriptions/desk/send_article.html", context, status=status)
    issue, new = make_issue(article, form.cleaned_data, request.user)
    if not new:
        messages.error(request, "This article was made into a mail today. Here it is.")
    elif reason := checklist.stops(issue):
        messages.error(request, reason)
    elif issue.needs_somebody_else(request.user):
        emails.ask_colleagues(issue, request.user)
        messages.success(request, "Your colleagues are asked by mail: one of them has to approve.")
    else:
        with transaction.atomic():
            mailing = freezing.approve(issue, request.user, timezone.now())
            after_commit("subscriptions.tasks.start_mailing", mailing.pk)
        messages.success(request, "It is being sent. You can watch it here.")
    return redirect("issue_desk", issue.pk)


def make_issue(article: ArticlePage, typed: dict[str, Any], user: Any) -> tuple[IssuePage, bool]:
    """The issue with that article alone; the one of today if it was made before."""
    newsletter = typed["newsletter"]
    day = timezone.now().astimezone(newsletter.zone).date()
    slug = f"{day}-{article.slug}"[:255]
    with transaction.atomic():
        newsletter = Newsletter.objects.select_for_update(of=("self",)).get(pk=newsletter.pk)
        if made := newsletter.issues().filter(slug=slug).first():
            return made, False
        issue = IssuePage(
            title=f"{newsletter.title}, {day:%-d %B %Y}: {article.title}"[:255],
            slug=slug,
            live=False,
            issue_on=day,
            subject=typed["subject"],
            preheader=typed["preheader"],
            body=[("article", {"article": article, "full_text": typed["full_text"]})],
        )
        newsletter.add_child(instance=issue)
        issue.save_revision(user=user)
    return issue, True
