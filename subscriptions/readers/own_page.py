"""The reader's own page, behind the link that stands in every mail to them."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from newsroom.core import languages, tokens
from newsroom.mail import asked, outbox
from newsroom.mail.addresses import answered, question
from newsroom.models import Masthead, PolicyPage, readable
from newsroom.web import proof_of_work
from newsroom.web.http import GONE, INCOMPLETE, behind_link, dead_link, json_file
from newsroom.web.public_forms import own_forms_only, refusal
from subscriptions.models import (
    AddressChange,
    Consent,
    LeavingReason,
    Newsletter,
    Subscriber,
    Subscription,
)
from subscriptions.readers import address_change, erasure, signup, wishes
from subscriptions.readers.data import held, in_words
from subscriptions.readers.due import sunset

CHANGES = {"most": 20, "seconds": 600}  # forms with a new address, from one network
EXPIRED = _("This link has expired. Ask for a new one on your own page.")
FORGOTTEN = _("You left long ago, and we have forgotten your address. Please sign up again.")

View = Callable[..., HttpResponse]


def own(view: View) -> View:
    """Gets the reader whose link it is, in their language if they have chosen one. Whatever they
    press there tells that they read us still."""

    @wraps(view)
    @never_cache
    @own_forms_only
    @require_http_methods(["GET", "HEAD", "POST"])
    def opened(request: HttpRequest, token: str) -> HttpResponse:
        try:
            subscriber = Subscriber.objects.get(pk=tokens.read_permanent("preferences", token))
        except Subscriber.DoesNotExist:
            return dead_link(request, GONE, 404)
        except tokens.BadToken:
            return dead_link(request, INCOMPLETE, 404)
        if request.method == "POST":
            subscriber.press()
        with wishes.their_language(subscriber):
            try:
                return view(request, subscriber, token)
            except signup.Unwanted:
                return dead_link(request, signup.UNWANTED, 403)
            except signup.Forgotten:
                return dead_link(request, FORGOTTEN, 403)

    return opened


@own
def preferences(request: HttpRequest, subscriber: Subscriber, token: str) -> HttpResponse:
    """Each newsletter with its buttons, those they are not on as well, their language and
    country. (Not which country: mails with the link get forwarded.)"""
    if request.method == "POST":
        change(request, subscriber)
        return redirect("preferences", token)
    mine = subscriber.subscriptions.select_related("newsletter").prefetch_related("consents")
    shown = mine.exclude(status=Subscription.Status.PENDING, unsubscribed_on=None)
    others = offered().exclude(pk__in=shown.values("newsletter"))
    context = {
        "token": token,
        "subscriber": subscriber,
        "rows": [
            {"subscription": one, "agreed": agreed(one)} for one in shown.order_by("newsletter")
        ],
        "others": others.order_by("path"),
        "suppression": subscriber.suppression,
        "policy": PolicyPage.current(),
        "pauses": wishes.PAUSES,
        "all_languages": languages.CHOICES,
        "mirror": Masthead.load().mirror,
        "countries": languages.countries(languages.spoken()),
    }
    return render(request, "subscriptions/readers/preferences.html", context)


def offered() -> QuerySet[Newsletter]:
    """Which they could join now."""
    there: QuerySet[Newsletter] = readable(Newsletter.objects)
    return there if signup.is_open() else there.none()


def agreed(subscription: Subscription) -> Consent | None:
    """What they agreed to last, of those that are there already."""
    made = [one for one in subscription.consents.all() if one.action == Consent.Action.CONFIRMED]
    return max(made, key=lambda one: one.pk, default=None)


def change(request: HttpRequest, subscriber: Subscriber) -> None:
    """What one press asks for. Raises Http404, Unwanted, Forgotten."""
    said: Any = request.POST
    if "language" in said:
        wishes.speak(subscriber, said["language"])
        return
    if "country" in said:
        wishes.live_in(subscriber, said["country"])
        return
    if "links" in said:
        wishes.use_mirror(subscriber, wanted=said["links"] == "mirror")
        return
    slug = said.get("newsletter", "")
    if "join" in said:
        newsletter = get_object_or_404(offered(), slug=slug)
        wishes.join(subscriber, newsletter)
        return
    subscription = get_object_or_404(subscriber.subscriptions, newsletter__slug=slug)
    weeks = said.get("pause", "")
    if "leave" in said:
        signup.unsubscribe(subscription, how="own page")
    elif "return" in said:
        signup.resubscribe(subscription)
    elif "go_on" in said:
        wishes.go_on(subscription)
    elif "articles" in said:
        wishes.read_whole(subscription, whole=said["articles"] == "whole")
    elif weeks in map(str, wishes.PAUSES):
        wishes.pause(subscription, int(weeks))


@own
def address(request: HttpRequest, subscriber: Subscriber, token: str) -> HttpResponse:
    """Where they type another address. The answer is the same for every one."""
    template = "subscriptions/readers/address.html"
    context: dict[str, Any] = {"token": token, "suppression": subscriber.suppression}
    if request.method != "POST":
        return render(request, template, context | {"sent": "sent" in request.GET})
    form = address_change.AddressForm(answered(request.POST))
    refused = (
        question(form)
        or refusal(request, form, "address", **CHANGES)
        or proof_of_work.first(asked.needs_work(request, form.cleaned_data["email"]))
    )
    if refused:
        context |= {"form": form} | refused._asdict()
        return render(request, template, context, status=refused.status)
    asked.ask("address", form.cleaned_data["email"], subscriber=subscriber.pk)
    return redirect(f"{reverse('new_address', args=[token])}?sent")


@never_cache
@own_forms_only
@require_http_methods(["GET", "HEAD", "POST"])
def confirm_address(request: HttpRequest, token: str) -> HttpResponse:
    """GET shows a button; POST agrees for the mailbox that the link went to."""
    try:
        change, mailbox = address_change.read_token(token)
        agreed = change.old_agreed if mailbox == address_change.OLD else change.new_agreed
        if request.method == "POST":
            change, agreed = address_change.agree(token), True
    except tokens.StaleToken:
        return dead_link(request, EXPIRED, 403)
    except signup.Unwanted:
        return dead_link(request, signup.UNWANTED, 403)
    except AddressChange.DoesNotExist:
        return dead_link(request, GONE, 404)
    except tokens.BadToken:
        return dead_link(request, INCOMPLETE, 404)
    with wishes.their_language(change.subscriber):
        context: dict[str, Any] = {"change": change, "agreed": agreed}
        if change.done_on and mailbox == address_change.NEW:
            context["own"] = tokens.permanent("preferences", change.subscriber_id)
        return render(request, "subscriptions/readers/confirm_address.html", context)


@never_cache
@own_forms_only
@require_http_methods(["GET", "HEAD", "POST"])
def still_reading(request: HttpRequest, token: str) -> HttpResponse:
    """GET shows the question, or that it is answered; POST says yes, also when it comes late."""
    try:
        subscriber, theirs = sunset.read_token(token)
        if request.method == "POST":
            sunset.answer_yes(subscriber, theirs)
    except tokens.StaleToken:
        return dead_link(request, _("This link has expired. Please sign up again."), 403)
    except signup.Unwanted:
        return dead_link(request, signup.UNWANTED, 403)
    except signup.Forgotten:
        return dead_link(request, FORGOTTEN, 403)
    except Subscriber.DoesNotExist:
        return dead_link(request, GONE, 404)
    except tokens.BadToken:
        return dead_link(request, INCOMPLETE, 404)
    titles = [one.newsletter.title for one in theirs]
    if not titles:
        return dead_link(request, GONE, 404)
    with wishes.their_language(subscriber):
        context = {
            "titles": titles,
            "newsletters": [one.newsletter for one in theirs],
            "gone": theirs.left().exists(),
            "asked": theirs.asked().exists(),
            "own_page": tokens.permanent("preferences", subscriber.pk),
        }
        return render(request, "subscriptions/readers/still_reading.html", context)


@own
def ask_for_data(request: HttpRequest, subscriber: Subscriber, token: str) -> HttpResponse:
    """The link to their data is mailed, one a day, to who has the mailbox itself."""
    if request.method == "POST":
        day = timezone.localdate()
        outbox.post("reader_data", subscriber.pk, key=f"{subscriber.pk}-{day}")
        return redirect(f"{reverse('ask_for_data', args=[token])}?sent")
    context = {"token": token, "sent": "sent" in request.GET, "subscriber": subscriber}
    context["suppression"] = subscriber.suppression
    return render(request, "subscriptions/readers/ask_for_data.html", context)


@behind_link(held.DATA, held.DATA_SECONDS, Subscriber, EXPIRED)
@require_http_methods(["GET", "HEAD", "POST"])
def data(request: HttpRequest, subscriber: Subscriber, token: str) -> HttpResponse:
    """GET shows what we hold about them, POST gives it as JSON."""
    everything = held.everything_about(subscriber)
    if request.method == "POST":
        return json_file(everything, "my-data")
    return render(request, "own_data.html", {"told": in_words.OF_READER.of(everything)})


@own
def erase(request: HttpRequest, subscriber: Subscriber, token: str) -> HttpResponse:
    """GET says what goes and what stays; POST does it. (A second press finds nothing behind the
    link, as it should be.)"""
    if request.method != "POST":
        return render(request, "subscriptions/readers/erase.html", {"token": token})
    erasure.erase(subscriber, never_again="never_again" in request.POST)
    return render(request, "subscriptions/readers/erased.html")


@never_cache
@own_forms_only
@require_http_methods(["POST"])
def why(request: HttpRequest, token: str) -> HttpResponse:
    """A reason, from who has left: it is counted, once for each leaving, and not kept with them."""
    try:
        pk = tokens.read_permanent("unsubscribe", token)
    except tokens.BadToken:
        return dead_link(request, INCOMPLETE, 404)
    found = Subscription.objects.left().select_related("newsletter", "subscriber")
    left = found.filter(pk=pk).first()
    reason = request.POST.get("reason", "")
    if left and reason in LeavingReason.Reason.values:
        signup.count_reason(left, reason)
    with wishes.their_language(left.subscriber if left else None):
        return render(request, "subscriptions/readers/reason_noted.html")
