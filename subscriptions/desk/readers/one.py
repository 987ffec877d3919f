"""One reader, who was asked for by their whole address: what they agreed to, what they got, and
what a colleague may do for them.

Their page has a number for an address. It opens for who has just looked the address up, and why is
in the audit log; so nobody turns the pages of a list.
"""

import time
from functools import wraps
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from wagtail.admin.auth import require_admin_access

from newsroom.core.paths import number_of
from newsroom.core.privacy import list_index
from newsroom.models import Suppression
from newsroom.staff.gate import View, needs_fresh_proof
from newsroom.web.http import json_file
from subscriptions.desk.readers import access, by_hand
from subscriptions.desk.readers.forms import (
    AddForm,
    EraseForm,
    LookUpForm,
    NoMailForm,
    WhyForm,
)
from subscriptions.desk.readers.mailings import BACK, sent_to
from subscriptions.models import Subscriber
from subscriptions.readers import erasure, signup
from subscriptions.readers.data import held

OPEN, OPEN_SECONDS, MOST_OPEN = "looked up", 3600, 20  # in the session: a reader's id, since when


class LookUp(access.ReadersPage):
    template_name = "subscriptions/desk/readers/look_up.html"
    page_title = "Look up a reader"
    header_icon = "search"
    permission_required = access.MANAGE

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {"form": LookUpForm()} | super().get_context_data(**kwargs)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        form = LookUpForm(request.POST)
        if not form.is_valid():
            return self.render_to_response(self.get_context_data(form=form), status=422)
        email = form.cleaned_data["email"]
        if found := Subscriber.objects.with_email(email).first():
            open_for(request, found)
            return redirect("reader", found.pk)
        unknown = {"email": email, "suppression": Suppression.of(list_index(email))}
        return self.render_to_response(self.get_context_data(form=form, unknown=unknown))


def open_for(request: HttpRequest, subscriber: Subscriber) -> None:
    opened = dict(list(request.session.get(OPEN, {}).items())[1 - MOST_OPEN :])
    request.session[OPEN] = opened | {str(subscriber.pk): int(time.time())}


def for_how_long_open(request: HttpRequest, pk: int) -> float:
    """In seconds; very long if nobody has looked them up."""
    return time.time() - float(request.session.get(OPEN, {}).get(str(pk), 0))


def for_who_looked_up(view: View) -> View:
    """The page of a reader, in place of their number; or back to where they are looked up."""

    @wraps(view)
    @require_admin_access
    @permission_required(access.MANAGE, raise_exception=True)
    def guarded(request: HttpRequest, pk: int) -> HttpResponse:
        subscriber = Subscriber.objects.filter(pk=pk).first()
        looked_up = for_how_long_open(request, pk) <= OPEN_SECONDS
        if subscriber is None and looked_up:  # pressed twice, or in two windows
            messages.info(request, "They are here no more: erased, by you or by a colleague.")
            return redirect("reader_look_up")
        if subscriber is None or not looked_up:
            messages.error(request, "Look the reader up first: by their whole address, with a why.")
            return redirect("reader_look_up")
        return view(request, subscriber)

    return guarded


@for_who_looked_up
@require_safe
def reader(request: HttpRequest, subscriber: Subscriber) -> HttpResponse:
    return page_of(request, subscriber)


def page_of(
    request: HttpRequest, subscriber: Subscriber, form: WhyForm | None = None
) -> HttpResponse:
    """Their page; with a form that was not right, 422."""
    lists = subscriber.subscriptions.select_related("newsletter").order_by("pk")
    context = {
        "subscriber": subscriber,
        "subscriptions": lists.prefetch_related("consents"),
        "suppression": subscriber.suppression,
        "tags": subscriber.tags.order_by("name").values_list("name", flat=True),
        "sent": sent_to(subscriber, timezone.now()),
        "back": BACK.days,
        "form": form or WhyForm(),
    }
    page = "subscriptions/desk/readers/reader.html"
    return render(request, page, context, status=422 if form else 200)


@for_who_looked_up
@require_POST
def remove(request: HttpRequest, subscriber: Subscriber) -> HttpResponse:
    """Off one list, at their wish. They get no mail about it: they have asked."""
    chosen = number_of(request.POST.get("subscription", ""))
    subscription = get_object_or_404(subscriber.subscriptions, pk=chosen)
    form = WhyForm(request.POST)
    if not form.is_valid():
        return page_of(request, subscriber, form)
    signup.unsubscribe(subscription, how=by_hand.SOURCE)
    messages.success(request, f"They are off the list of {subscription.newsletter.title}.")
    return redirect("reader", subscriber.pk)


class NoMail(access.ReadersPage):
    """“Never write to me again”, by letter or telephone: of any address, also of one that is on no
    list, and may wait for a reminder. It is the suppression that everything which mails asks for;
    lifting it undoes all of it. (“Have it erased”, with “never again”, comes to the same.)"""

    template_name = "subscriptions/desk/readers/no_mail.html"
    page_title = "No mail to an address"
    header_icon = "circle-xmark"
    permission_required = access.MANAGE

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {"form": NoMailForm()} | super().get_context_data(**kwargs)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        form = NoMailForm(request.POST)
        if not form.is_valid():
            return self.render_to_response(self.get_context_data(form=form), status=422)
        email = form.cleaned_data["email"]
        index = list_index(email)
        before = Suppression.of(index)
        Suppression.add(index, Suppression.Reason.REQUEST)
        found = Suppression.of(index)
        if before and found and before.reason == found.reason:
            why, since = found.get_reason_display(), found.since
            messages.info(request, f"It gets no mail already: {why}, since {since:%-d %B %Y}.")
        else:
            words = "Written down: it gets no newsletter, no reminder and no link."
            messages.success(request, words)
        known = Subscriber.objects.with_email(email).first()
        if known and for_how_long_open(request, known.pk) <= OPEN_SECONDS:
            return redirect("reader", known.pk)
        return redirect("reader_no_mail")


@for_who_looked_up
@needs_fresh_proof
@require_http_methods(["GET", "HEAD", "POST"])
def erase(request: HttpRequest, subscriber: Subscriber) -> HttpResponse:
    """GET says what it means and asks; POST erases."""
    form = EraseForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        page = "subscriptions/desk/readers/erase.html"
        context = {"subscriber": subscriber, "form": form}
        return render(request, page, context, status=422 if request.POST else 200)
    erasure.erase(subscriber, never_again=form.cleaned_data["for_ever"])
    messages.success(request, "Erased. Nothing here names them any more.")
    return redirect("reader_look_up")


@for_who_looked_up
@needs_fresh_proof
@require_POST
def data(request: HttpRequest, subscriber: Subscriber) -> HttpResponse:
    """All that we hold about them, as a file to hand on."""
    form = WhyForm(request.POST)
    if not form.is_valid():
        return page_of(request, subscriber, form)
    return json_file(held.everything_about(subscriber), f"reader-{subscriber.pk}")


class Add(access.ReadersPage):
    template_name = "subscriptions/desk/readers/add.html"
    page_title = "Add a reader"
    header_icon = "plus"
    permission_required = access.MANAGE

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {"form": AddForm()} | super().get_context_data(**kwargs)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        form = AddForm(request.POST)
        if form.is_valid():
            return needs_fresh_proof(self.add)(request, form)
        return self.render_to_response(self.get_context_data(form=form), status=422)

    def add(self, request: HttpRequest, form: AddForm) -> HttpResponse:
        typed = form.cleaned_data
        try:
            mailed = by_hand.add(typed["newsletter"], typed["email"], form.proof)
        except by_hand.Refused as reason:
            form.add_error("email", str(reason))
            return self.render_to_response(self.get_context_data(form=form), status=422)
        if form.proof:
            words = "They are on the list, and get the mail that welcomes new readers."
        elif mailed:
            words = "They get a mail with a link. When they press its button, they are on the list."
        else:
            words = "They have a mail with a link already. When they press its button, they are on."
        messages.success(request, words)
        return redirect("reader_add")
