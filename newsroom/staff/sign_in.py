"""Signing in: a name and a password, then the second factor; and showing it again later."""

import time
import unicodedata
from typing import Any, NamedTuple

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.core import signing
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.views.decorators.http import require_POST, require_safe
from wagtail.admin.views.account import LoginView

from newsroom.accounts import audit, sessions
from newsroom.accounts.models import SecondFactor, User
from newsroom.core.privacy import keyed_hash
from newsroom.core.uris import stays
from newsroom.mail import outbox
from newsroom.staff import passkeys, second_factor
from newsroom.staff.gate import FACTOR, proved
from newsroom.web.public_forms import TOO_OFTEN, count, counter, network_of

BACKEND = "django.contrib.auth.backends.ModelBackend"
WAITING = "signing in"  # in the session: who has typed their password, and when
WAITS = 10 * 60  # seconds
WINDOW = 600  # seconds in which wrong passwords are counted
PER_ACCOUNT, PER_NETWORK = 10, 30
DEVICE, DEVICE_AGE = "known_device", 365 * 24 * 3600
MOST_DEVICES = 10  # people who share a browser


class SignIn(LoginView):
    """Wagtail's page, with what follows a right password, and not too many wrong ones."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if guessed_too_often(request, login_typed(request)):
            messages.error(request, TOO_OFTEN)
            empty = self.get_form_class()(request)  # not even looked at
            return self.render_to_response(self.get_context_data(form=empty), status=429)
        answer: HttpResponse = super().post(request, *args, **kwargs)
        return answer

    def form_invalid(self, form: Any) -> HttpResponse:
        guessed_wrong(self.request, login_typed(self.request))
        answer: HttpResponse = super().form_invalid(form)
        return answer

    def form_valid(self, form: Any) -> HttpResponse:
        user, remember = form.get_user(), form.cleaned_data["remember"]
        if user.may_not_be_here:
            form.add_error(None, "Logins of the demo don't work here.")
            return self.form_invalid(form)
        url = self.get_success_url()
        if not user.second_factors.exists():
            return signed_in(self.request, user, None, remember, url)
        mark = user.get_session_auth_hash()  # of the password that was typed
        self.request.session[WAITING] = [user.pk, mark, int(time.time()), remember, url]
        return redirect("sign_in_code")


def code(request: HttpRequest) -> HttpResponse:
    """After the password."""
    waiting = Waiting.of(request)
    if waiting is None:
        return redirect("wagtailadmin_login")
    factor, problem = shown(request, waiting.user)
    if factor is not None:
        return signed_in(request, waiting.user, factor, waiting.remember, waiting.url)
    return ask(request, waiting.user, "Sign in", problem)


def prove(request: HttpRequest) -> HttpResponse:
    """Still them? By the second factor, or by the password of who has none."""
    user: Any = request.user
    if not user.second_factors.exists():
        good, problem = password_shown(request, user)
    else:
        factor, problem = shown(request, user)
        good = factor is not None
    if good:
        proved(request)
        return redirect(own_page(request, request.POST.get("next", "")))
    return ask(request, user, "Is it still you?", problem)


def ask(request: HttpRequest, user: User, title: str, problem: str | Promise) -> HttpResponse:
    kinds = set(user.second_factors.values_list("kind", flat=True))
    context = {
        "title": title,
        "problem": problem,
        "next": request.POST.get("next") or request.GET.get("next", ""),
        "password": not kinds,
        "app": SecondFactor.Kind.APP in kinds,
        "passkey": SecondFactor.Kind.PASSKEY in kinds and passkeys.possible_at(request),
    }
    return render(request, "newsroom/staff/code.html", context, status=403 if problem else 200)


def shown(request: HttpRequest, user: User) -> tuple[SecondFactor | None, str | Promise]:
    """What the form proves, and else what is wrong with it ("" for a page just opened)."""
    if request.method != "POST":
        return None, ""
    if answer := request.POST.get("passkey", ""):
        factor = passkeys.check(request, user, answer)
        return factor, "This passkey was not accepted. Please try again, or type a code."
    if guessed_too_often(request, user.get_username()):
        return None, TOO_OFTEN
    try:
        known = device_is_known(request, user)
        factor = second_factor.check(user, request.POST.get("code", ""), known_device=known)
    except second_factor.Wait as wait:
        return None, second_factor.wait_in_words(wait.args[0])
    if factor is None:
        guessed_wrong(request, user.get_username())
    return factor, "This code is wrong, or was used before. Please type the newest one."


def password_shown(request: HttpRequest, user: User) -> tuple[bool, str | Promise]:
    if request.method != "POST":
        return False, ""
    if guessed_too_often(request, user.get_username()):
        return False, TOO_OFTEN
    good = user.check_password(request.POST.get("password", ""))
    if not good:
        guessed_wrong(request, user.get_username())
    return good, "This password is not right."


@require_POST
def passkey_options(request: HttpRequest) -> HttpResponse:
    """JSON for the browser, for a passkey to use, or with “add” to make."""
    waiting = Waiting.of(request)
    user: Any = waiting.user if waiting else request.user
    if not user.is_authenticated or not passkeys.possible_at(request):
        return JsonResponse({}, status=403)
    if "add" in request.POST and waiting is None:
        options = passkeys.options_to_add(request, user)
    else:
        options = passkeys.options_to_use(request, user)
    return HttpResponse(options, content_type="application/json")


@require_safe
def state(request: HttpRequest) -> HttpResponse:
    """For pages that stay open longer than a session (sign_in_again.js): a token for their forms,
    which changes with each signing in; "" for who is signed out."""
    token = get_token(request) if request.user.is_authenticated else ""
    return JsonResponse({"token": token})


class Waiting(NamedTuple):
    """Who has typed their password and not yet their code."""

    user: User
    remember: bool
    url: str

    @classmethod
    def of(cls, request: HttpRequest) -> "Waiting | None":
        if request.user.is_authenticated:
            return None
        pk, mark, since, remember, url = request.session.get(WAITING, (0, "", 0, False, ""))
        user = User.objects.filter(pk=pk, is_active=True).first()
        if user is None or time.time() - since > WAITS or mark != user.get_session_auth_hash():
            return None
        return cls(user, remember, url)


def signed_in(
    request: HttpRequest, user: User, factor: SecondFactor | None, remember: bool, url: str
) -> HttpResponse:
    first_time = user.last_login is None
    request.session.pop(WAITING, None)
    login(request, user, backend=BACKEND)
    audit.record(user.get_username(), f"signed in with {factor or 'a password'}")
    sessions.begin(request.session)
    if not remember:
        request.session.set_expiry(0)  # the cookie goes when the browser is closed
    if factor is not None:
        request.session[FACTOR] = factor.pk
    if not device_is_known(request, user) and not first_time:
        outbox.post("new_device", user.pk, key=f"{user.pk}-{time.time_ns()}")
    response = redirect(own_page(request, url))
    response.set_cookie(
        DEVICE,
        signing.dumps([_mark(user), *_others(request, user)][:MOST_DEVICES], salt=DEVICE),
        max_age=DEVICE_AGE,
        path=settings.SESSION_COOKIE_PATH,
        secure=settings.HTTPS,
        httponly=True,
        samesite="Lax",
    )
    return response


def own_page(request: HttpRequest, url: str) -> str:
    ours = stays(url, request.get_host(), https=request.is_secure())
    return url if ours else reverse("wagtailadmin_home")


# --- Devices: nothing about them is kept here, they remember who signed in ----------------------


def device_is_known(request: HttpRequest, user: User) -> bool:
    return _mark(user) in _marks(request)


def _mark(user: User) -> str:
    """Changes with their password."""
    return keyed_hash(f"{user.pk}:{user.password}", "device").hex()[:32]


def _marks(request: HttpRequest) -> list[str]:
    try:
        marks: list[str] = signing.loads(request.COOKIES.get(DEVICE, ""), salt=DEVICE)
    except signing.BadSignature:
        return []
    return marks


def _others(request: HttpRequest, user: User) -> list[str]:
    return [mark for mark in _marks(request) if mark != _mark(user)]


# --- Wrong passwords ----------------------------------------------------------------------------


def login_typed(request: HttpRequest) -> str:
    """As the form takes it: Django's UsernameField normalizes (NFKC), and strips."""
    typed = unicodedata.normalize("NFKC", request.POST.get("username", ""))
    return typed.replace("\0", "").strip()[:150]


def guessed_too_often(request: HttpRequest, username: str) -> bool:
    return any((cache.get(key) or 0) >= most for key, most in _counters(request, username))


def guessed_wrong(request: HttpRequest, username: str) -> None:
    for key, _ in _counters(request, username):
        count(key, WINDOW)


def _counters(request: HttpRequest, username: str) -> list[tuple[str, int]]:
    """Where tries are counted, and how many may be wrong. A device that knows the account has a
    count of its own: strangers who guess lock nobody out of where they work."""
    user = User.objects.filter(username=username).first()
    known = user is not None and device_is_known(request, user)
    account = f"guesses|{known}|{username.casefold()}"
    network = f"guesses|{network_of(request)}"
    counted = {account: PER_ACCOUNT} if known else {account: PER_ACCOUNT, network: PER_NETWORK}
    return [(counter(what, WINDOW), most) for what, most in counted.items()]
