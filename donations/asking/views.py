"""“Remind me later”, and what its mails lead to: yes, now, another month, never."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import get_script_prefix, reverse
from django.utils import timezone
from django.utils.encoding import iri_to_uri
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from donations import money
from donations.asking import ask_cookie, reminders
from donations.models import Deferral
from donations.models.asking import days
from newsroom.core import languages, tokens
from newsroom.core.uris import stays
from newsroom.mail import asked
from newsroom.mail.addresses import answered, question
from newsroom.web import proof_of_work
from newsroom.web.http import GONE, INCOMPLETE, dead_link, see_other
from newsroom.web.public_forms import is_ours, own_forms_only, refusal

REMINDERS = {"most": 20, "seconds": 600}  # from one network


@never_cache
@own_forms_only
@require_http_methods(["GET", "HEAD", "POST"])
def remind_me(request: HttpRequest) -> HttpResponse:
    """POST when=… [email=…] -> until when we wait and where we write, said on the answer itself: an
    address must stand in no URL, and in no cookie."""
    if request.method != "POST":
        return redirect("support")
    form = reminders.LaterForm(answered(request.POST))
    back = _back(request)
    refused = (
        question(form)
        or refusal(request, form, "later", **REMINDERS)
        or proof_of_work.first(asked.needs_work(request, form.cleaned_data["email"]))
    )
    if refused:
        context = {"later_form": form, "later": reminders.choices(), "back": back}
        context |= refused._asdict()
        return render(request, "donations/asking/remind_me.html", context, status=refused.status)
    until = reminders.defer(form, timezone.now())
    by_articles = form.cleaned_data["when"] == days.ARTICLES
    context = {
        "until": until,
        "articles": by_articles,
        "email": form.cleaned_data["email"],
        "back": back,
    }
    response = render(request, "donations/asking/noted.html", context)
    ask_cookie.hide(
        request, response, until, articles=days.ARTICLES_TO_READ if context["articles"] else 0
    )
    return response


@never_cache
@own_forms_only
@require_http_methods(["GET", "HEAD", "POST"])
def not_now(request: HttpRequest) -> HttpResponse:
    """POST [back=…] -> the same page, silent for a while; a longer one each time."""
    response = see_other(_back(request))
    if request.method == "POST":
        memory = ask_cookie.remembered(request).turned_away(ask_cookie.today())
        ask_cookie.remember(response, memory)
    return response


def _back(request: HttpRequest) -> str:
    """The page the reader came from, if it is one of ours."""
    back = request.POST.get("back", "")
    if not back:
        came_from = request.headers.get("Referer", "")
        back = urlsplit(came_from).path if is_ours(request, came_from) else ""
    return iri_to_uri(back) if back.startswith("/") and stays(back) else "/"


@dataclass(frozen=True)
class Press:
    """What a press does that a reminder's mails lead to, from which states, and where to."""

    name: str
    do: Callable[[Deferral, datetime], bool]
    frm: Collection[str]
    to: str


Status = Deferral.Status
CONFIRM = Press("confirm", reminders.confirm, [Status.ASKED], Status.WAITING)
POSTPONE = Press(
    "postpone", reminders.another_month, [Status.REMINDED, Status.LAPSED], Status.WAITING
)
CANCEL = Press("cancel", reminders.never, Deferral.OPEN, Status.CANCELLED)


@never_cache
@own_forms_only
@require_http_methods(["GET", "HEAD", "POST"])
def press(request: HttpRequest, token: str, what: Press) -> HttpResponse:
    """GET shows a button, or that it was pressed; POST does it."""
    deferral = _behind(request, token)
    if isinstance(deferral, HttpResponse):
        return deferral
    if request.method == "POST":
        what.do(deferral, timezone.now())
        deferral.refresh_from_db()
    context = {
        "deferral": deferral,
        "what": what.name,
        "possible": deferral.status in what.frm,
        "done": deferral.status == what.to,
        "cancel": reverse("cancel_reminder", args=[token]),
        "support": reverse("support"),
    }
    with languages.speaking_to(deferral.language):
        return render(request, "donations/asking/press.html", context)


@never_cache
@require_safe
def give_now(request: HttpRequest, token: str) -> HttpResponse:
    """From a reminder to the form, filled in as its reader had it: the mail's link tells nothing of
    that."""
    deferral = _behind(request, token)
    if isinstance(deferral, HttpResponse):
        return deferral
    query = {"frequency": deferral.frequency, "currency": deferral.currency}
    if deferral.amount:
        query["amount"] = money.plain(deferral.amount, deferral.currency)
    if deferral.appeal_id:
        query["appeal"] = str(deferral.appeal_id)
    query["reminder"] = tokens.expiring("reminder", deferral.pk)
    chosen = get_script_prefix() != "/" or deferral.language not in languages.NAMES
    with languages.addresses_below(get_script_prefix() if chosen else f"/{deferral.language}/"):
        return redirect(reverse("support", query=query))


def _behind(request: HttpRequest, token: str) -> Deferral | HttpResponse:
    """Whose link it is, or the page that says what is wrong with it."""
    try:
        found = reminders.behind(token)
    except tokens.BadToken:
        return dead_link(request, INCOMPLETE, 404)
    return found or dead_link(request, GONE, 404)
