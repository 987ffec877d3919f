"""Which pages of the admin are in the audit log (newsroom/accounts/audit.py), and in which words.

An entry is written before the page does anything: nothing happens that is not in the log. What then
was refused, or was not done because a form had mistakes, gets a second one that says so.
"""

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

from django.contrib.auth.models import Group
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from wagtail import hooks

from newsroom.accounts import audit
from newsroom.accounts.models import AuditEntry, User
from newsroom.staff.gate import page_of_staff

SEALED = "(only for who may know them)"
View = Callable[..., HttpResponse]


class Audited(NamedTuple):
    """Words for opening the page, words for sending its form, and the form's field that says why.
    What somebody typed there may name somebody: only who has the right ``names`` reads it in the
    log. Where it is kept beside what was changed, and erased with it, the log has none.
    A form that ``shows`` answers with a page; others come again only when something is wrong."""

    look: str = ""
    change: str = ""
    why: str = ""
    names: str = ""
    shows: bool = False


def crud(namespace: str, what: str) -> dict[str, Audited]:
    """Of a model's pages in the admin."""
    verbs = {"add": "added", "copy": "added", "edit": "changed", "delete": "deleted"}
    return {
        f"{namespace}:{action}": Audited(change=f"{verb} {what}") for action, verb in verbs.items()
    }


WAGTAILS = {
    **crud("wagtailusers_users", "a colleague’s account"),
    **crud("wagtailusers_groups", "a role"),
    "wagtailusers_users:index": Audited(look="listed colleagues"),
    "wagtailusers_users:index_results": Audited(look="listed colleagues"),
    "wagtailusers_users:edit": Audited(
        look="looked at a colleague’s account", change="changed a colleague’s account"
    ),
    "wagtailusers_users:history": Audited(look="looked at a colleague’s account"),
    "wagtailusers_groups:index": Audited(look="listed roles"),
    "wagtailusers_groups:edit": Audited(look="looked at a role", change="changed a role"),
    "wagtailsettings:edit": Audited(change="changed settings"),
    "wagtail_bulk_action": Audited(change="changed several at once"),
    "preview_links": Audited(change="made a preview link, or took one back"),
    "wagtailadmin_account": Audited(change="changed their own account"),
    "live_desk": Audited(change="posted a live entry, or ended or resumed live updates"),
    "live_entry": Audited(change="changed, withdrew or put back a live entry"),
    "security": Audited(change="changed how they sign in, or ended sessions", shows=True),
    "add_app": Audited(change="added an authenticator app", shows=True),
    "add_passkey": Audited(change="added a passkey", shows=True),
    "after_restore": Audited(look="looked at what is held after a restore"),
    "decide_after_restore": Audited(change="decided after a restore", why="decision"),
    "emergency": Audited(change="asked to close the newsroom, or answered who asked", shows=True),
    "travelling": Audited(change="began their travel mode, or ended sessions"),
    "travel": Audited(change="began or ended somebody’s travel mode"),
    "audit_log": Audited(look="read the audit log"),
    "audit_log_results": Audited(look="read the audit log"),
}


@cache
def table() -> dict[str, Audited]:
    """A page's name -> its words; other apps add theirs with the hook “audited”."""
    found = dict(WAGTAILS)
    for hook in hooks.get_hooks("audited"):
        found |= hook()
    return found


def write_down(get_response: View) -> View:
    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        page, words = getattr(request, "audited", (Audited(), ""))
        if words and not done(request, response, page):
            audit.record(request.user.get_username(), f"not done: {words}")
        return response

    def process_view(request: HttpRequest, view: View, args: Any, kwargs: dict[str, Any]) -> None:
        name = page_of_staff(request)
        page = table().get(name, Audited())
        words, why = words_of(request, name, page) if name else ("", "")
        if words:
            chosen = sorted(request.GET.getlist("id"))
            row = " ".join(str(value) for value in (*args, *kwargs.values(), *chosen))
            audit.record(request.user.get_username(), words, row, why)
            request.audited = page, words  # type: ignore[attr-defined]

    middleware.process_view = process_view  # type: ignore[attr-defined]
    return middleware


@cache
def rights_to_names() -> dict[str, set[str]]:
    """Words of a change -> what one has to have to read why, as its reason may name somebody."""
    found: dict[str, set[str]] = {}
    for page in table().values():
        if page.names:
            found.setdefault(page.change, set()).add(page.names)
    return found


def why_for(entry: AuditEntry, user: Any) -> str:
    """The reason in an entry, as that colleague may read it."""
    may = user.has_perms(rights_to_names().get(entry.what, set()))
    return str(entry.why) if may or not entry.why else SEALED


def words_of(request: HttpRequest, name: str, page: Audited) -> tuple[str, str]:
    """What this request is in the log, and why it was made; "" for what is not in it."""
    if request.method not in ("GET", "HEAD", "OPTIONS"):
        return page.change, request.POST.get(page.why, "") if page.change and page.why else ""
    if form := request.GET.get("export", ""):
        return f"exported {name} as {form[:10]}", ""
    return page.look, ""


def done(request: HttpRequest, response: HttpResponse, page: Audited) -> bool:
    """Wagtail answers who may not with a redirect to its first page."""
    away = response.get("Location", "")
    refused = away == reverse("wagtailadmin_home") or away.startswith(reverse("prove"))
    form_again = request.method == "POST" and response.status_code == 200 and not page.shows
    return response.status_code < 400 and not refused and not form_again


@hooks.register("after_bulk_action")
def after_several(request: HttpRequest, kind: str, objects: Any, action: Any) -> None:
    for user in objects:
        if isinstance(user, User) and user.pk:
            user.refresh_from_db()
            roles_are_now(request, user)


@hooks.register("before_delete_user")
def who_goes(request: HttpRequest, user: Any) -> None:
    if request.method == "POST":
        words = f"deletes the account “{user.get_username()}”"
        audit.record(request.user.get_username(), words, f"user {user.pk}")


@hooks.register("after_create_user")
@hooks.register("after_edit_user")
def roles_are_now(request: HttpRequest, user: Any) -> None:
    if not user.is_active:
        user.sessions.all().delete()
    roles = list(Group.objects.filter(user=user).values_list("name", flat=True))
    roles += ["Administrator"] if user.is_superuser else []
    roles = roles if user.is_active else ["none: disabled"]
    words = f"roles of “{user.get_username()}” are now: {', '.join(roles) or 'none'}"
    audit.record(request.user.get_username(), words, f"user {user.pk}")
