"""Who may what in the admin: every address that the resolver knows, each role, GET and POST."""

import re
import zlib
from collections.abc import Iterator
from fnmatch import fnmatch
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission
from django.contrib.auth.views import LoginView
from django.db import transaction
from django.test import Client
from django.urls import get_resolver, resolve
from django.utils.timezone import now

from donations.models import (
    BlockedMark,
    Booking,
    Contribution,
    Country,
    Donor,
    Experiment,
    Payout,
    Posting,
    Receipt,
    RecurringContribution,
    Review,
)
from newsroom.core.privacy import giving_index
from newsroom.models import Author
from newsroom.panic import travel
from newsroom.staff import roles
from newsroom.staff.sign_in import SignIn
from subscriptions.models import ReaderImport
from tests.factories import (
    make_appeal,
    make_article,
    make_image,
    make_issue,
    make_subscription,
    make_user,
)

# Pattern of names -> who may: o anybody, also signed out; n who may only enter the admin;
# e editors; p publishers; l list owners; v finance viewers; f finance; h finance leads; u auditors;
# a administrators; t an administrator who travels. The first that fits holds. (w: writers; ~: by
# the page, see test_approval.py.)
MATRIX = """
    wagtailadmin_login                      oneplvfhua
    wagtailadmin_password_reset*            oneplvfhua
    newsroom.staff.password_reset.AskForReset  oneplvfhua
    sign_in_code                            oneplvfhua
    sign_in_state                           oneplvfhua
    passkey_options                         oneplvfhua
    wagtailadmin_sprite                     oneplvfhua
    wagtailadmin_javascript_catalog         oneplvfhua
    wagtailadmin_logout                     oneplvfhua

    travelling                              neplvfhuatw
    wagtailadmin_home                       neplvfhuatw
    wagtailadmin_account                    neplvfhuaw
    wagtailadmin_dismissibles               neplvfhuaw
    wagtailadmin_editing_sessions:release   neplvfhuaw
    prove                                   neplvfhuaw
    security                                neplvfhuaw
    add_app                                 neplvfhuaw
    add_passkey                             neplvfhuaw
    wagtail.admin.views.home.default        neplvfhuaw
    django.views.generic.base.TemplateView  neplvfhuaw
    wagtailadmin_block_preview              neplvfhuaw

    wagtailadmin_editing_sessions:ping      epa~
    wagtailadmin_api:*                      epa~
    wagtailadmin_choose_page*               epa~
    wagtailadmin_explore*                   epa~
    wagtailadmin_pages:set_privacy          -
    wagtailadmin_pages:*                    epa~
    wagtail_bulk_action                     epa~
    wagtailadmin_reports:*                  epa~
    wagtailadmin_tag_*                      epa~
    wagtaildocs*                            epa~
    wagtailimages*                          epa~
    picture_*                               epa~
    wagtailsnippetchoosers_donations_*create  pa
    wagtailsnippet*                         epa~
    wagtailembeds:*                         epa~
    wagtailadmin_workflows:task_chooser*    epa~
    wagtailadmin_workflows:task_chosen      epa~
    newsletter*                             epa
    issue_*                                 epa
    mail_it                                 epa
    preview_links                           epa~
    wagtailredirects:*                      epa
    live_desk                               epa~
    live_entry                              epa~
    take_back                               epa
    topic_chooser:*                         epa~
    calls_to_review                         epa
    decide_call                             epa
    mail_delivery                           epa
    suppressions                            epla
    seeds                                   epa
    reader_import*                          la

    readers                                 epla
    readers_export                          la
    segment*                                epla
    reader_*                                la
    reader                                  la

    contributions:index*                    vfhua
    contributions:inspect                   vfhua
    contributions:*                         -
    movements:index*                        vfhua
    movements:*                             -
    regular:index*                          vfhua
    regular:inspect                         vfhua
    regular:*                               -
    payouts:index*                          vfhua
    payouts:inspect                         vfhua
    payouts:*                               -
    appeals:delete                          a
    appeals:list*                           pvfhua
    appeals:*                               pfha
    experiments:index*                      epvfhua
    experiments:inspect                     epvfhua
    experiments:*                           pfha
    preview_variant                         epvfhua
    begin_experiment                        pfha
    stop_experiment                         pfha
    countries:index*                        fhua
    countries:*                             fha
    giving_numbers                          vfhua
    find_gift                               vfhua
    disputes                                vfhua
    books                                   vfhua
    account                                 vfhua
    booking                                 vfhua
    donor                                   vfhua
    write_note                              fha
    change_regular                          fha
    correct_address                         fha
    mail_donor                              fha
    statement_of                            fha
    receipt_of                              fha
    merge_donors                            ha
    reviews                                 vfhua
    refund                                  fha
    review                                  vfhua
    *_review                                fha
    block_list                              ha
    unblock                                 ha
    statements*                             ha
    later                                   epvfhua
    months                                  vfhua
    bank                                    fha
    bank_line                               fha
    explain_bank_line                       fha
    offline_*                               fha
    close_month                             ha
    month_*                                 vfhua
    year_report                             vfhua

    wagtailsettings:*                       a
    wagtailadmin_collections:*              a
    wagtailadmin_workflows:*                a
    wagtailusers_*                          a
    wagtailadmin_error_test                 a
    audit_log*                              ua
    after_restore                           a
    decide_after_restore                    a
    first_steps                             a
    wagtailsites:index                      a
    travel                                  a
    emergency                               a
"""
ROWS = [line.split() for line in MATRIX.splitlines() if line.strip()]
LEFT_OUT = {
    "wagtailadmin_error_test",  # fails on purpose
    "wagtailadmin_logout",  # leads to signing in, for everybody
    "admin/settings/<slug:app_name>/<slug:model_name>/",  # leads on to the one with a number
}


def views(resolver: Any, before: str = "", spaces: tuple[str, ...] = ()) -> Iterator[Any]:
    """Route, name and view of each address of the site."""
    for pattern in resolver.url_patterns:
        route = before + str(pattern.pattern)
        if hasattr(pattern, "url_patterns"):
            here = (pattern.namespace,) if pattern.namespace else ()
            yield from views(pattern, route, spaces + here)
        else:
            yield route, ":".join([*spaces, pattern.name or pattern.lookup_str]), pattern.callback


def addresses() -> Iterator[tuple[str, str]]:
    """Route and name, “admin/users/edit/<int:pk>/” and “wagtailusers_users:edit”."""
    return ((route, name) for route, name, _ in views(get_resolver()) if route.startswith("admin/"))


def test_there_is_one_way_in() -> None:
    """Wagtail has another, for private pages, that would know nothing of a second factor."""
    doors = {
        route
        for route, _, view in views(get_resolver())
        if issubclass(getattr(view, "view_class", object), LoginView)
    }
    assert doors == {"admin/login/"}
    assert resolve("/admin/login/").func.view_class is SignIn


def test_finance_sees_no_draft_among_several(client: Client, site: Any) -> None:
    draft = make_article(site.section, title="Secret draft", live=False)
    client.force_login(make_user("Finance"))
    for action in ("delete", "move", "publish", "unpublish"):
        answer = client.get(f"/admin/bulk/wagtailcore/page/{action}/?id={draft.pk}")
        assert answer["Location"] == "/admin/"


def may(name: str) -> str:
    return next((who for pattern, who in ROWS if fnmatch(name, pattern)), "")


def test_every_address_of_the_admin_has_a_row() -> None:
    assert [name for _, name in addresses() if not may(name)] == []


def test_every_row_has_an_address() -> None:
    names = [name for _, name in addresses()]
    assert [pattern for pattern, _ in ROWS if not any(fnmatch(n, pattern) for n in names)] == []


ROLES = {"o": None, "n": "nobody", "e": "Editors", "p": "Publishers"}
ROLES |= {"l": "List owners"}
ROLES |= {"v": "Finance viewers", "h": "Finance leads", "u": "Auditors"}
ROLES |= {"f": "Finance", "a": "Administrators", "t": "Travelling", "w": "Writers"}


def make_colleague(role: str) -> Any:
    user = make_user(role if role in roles.ROLES else None)
    if role == "Travelling":
        make_user(None)
        travel.begin(user, "test")
    if role == "nobody":
        user.is_superuser = False
        user.save()
        user.user_permissions.add(Permission.objects.get(codename="access_admin"))
    return user


@pytest.fixture
def things(site: Any) -> dict[str, Any]:
    """What stands in an address, by the words around it."""
    article = make_article(site.section)
    article.save_revision()
    donor = Donor.objects.create(email="x@example.org", email_index=giving_index("x@example.org"))
    given = Contribution.objects.create(
        amount=500, currency="usd", frequency="once", status="succeeded", created_at=now(),
        received_at=now(), donor=donor,
    )  # fmt: skip
    Receipt.issue(given, now())
    booking = Booking.objects.create(
        kind="balance", reference="txn_x", currency="usd", lines=2, happened_at=now(),
        booked_on=now(),
    )  # fmt: skip
    for account, amount in (("clearing", 1), ("donations", -1)):
        Posting.objects.create(booking=booking, account=account, amount=amount)
    return {
        "admin/images": make_image("x").pk,
        "admin/snippets": Author.objects.create(name="A").pk,
        "admin/contributions": given.pk,
        "admin/giving/receipts": given.pk,
        "admin/giving/donors": given.donor_id,
        "admin/giving/booking": booking.pk,
        "admin/regular": RecurringContribution.objects.create(
            amount=500, currency="usd", frequency="monthly", status="active", started_at=now()
        ).pk,
        "admin/review/block-list": BlockedMark.objects.create(
            kind="name", index=giving_index("x"), who="x", why="x"
        ).pk,
        "admin/review": Review.objects.create(
            kind="inquiry", about="dp_x", why="x", contribution=given, due_at=now()
        ).pk,
        "admin/payouts": Payout.objects.create(
            id="po_x",
            amount=1,
            currency="usd",
            status="paid",
            created_at=now(),
            arrival_on=now(),
            automatic=True,
        ).pk,
        "admin/appeals": make_appeal().pk,
        "admin/experiments": Experiment.objects.create(name="Shorter").pk,
        "admin/countries": Country.objects.create(code="DE", name="Germany").pk,
        "admin/users": make_user("Editors").pk,
        "admin/groups": Group.objects.get(name="Editors").pk,
        "admin/newsletters/issue": make_issue(site.newsletter, [article]).pk,
        "admin/newsletters/mail": article.pk,
        "admin/newsletters/imports": ReaderImport.objects.create(
            newsletter=site.newsletter, status="done"
        ).pk,
        "admin/preview-links": article.pk,
        "admin/newsletters": site.newsletter.pk,
        "admin/pages": article.pk,
        "admin/choose-page": site.section.pk,
        "admin/settings": "",
        "admin/readers": make_subscription(site.newsletter).subscriber_id,
        "admin/": 1,
        "revision_id": article.latest_revision_id,
        "destination_id": site.home.pk,
        "parent_page_id": site.section.pk,
        "app_label": "newsroom",
        "content_type_app_name": "newsroom",
        "app_name": "newsroom",
        "model_name": "articlepage",
        "content_type_model_name": "articlepage",
        "action": "delete",
        "mode": "mail",
        "filter_spec": "width-100",
        "token": "x-y",
        "currency": "usd",
        "account": "clearing",
        "year": now().year,
    }


def filled(route: str, things: dict[str, Any]) -> str:
    """An address of this route, with things that are there where that is easy."""
    around = next(thing for words, thing in things.items() if route.startswith(words))

    def fill(match: re.Match[str]) -> str:
        kind, name = match.groups()
        if kind == "uuid:":
            return "6f9619ff-8b86-4d01-b42d-00cf4fc964ff"
        if route.startswith("admin/settings") and name == "model_name":
            return "masthead"
        return str(things.get(name, around))

    plain = re.sub(r"<(\w+:)?(\w+)>", fill, route.replace(r"(?P<pk>\d+)", "<pk>"))
    plain = re.sub(r"\(\?P.*", "live...latest/", plain)
    return "/" + plain.replace("^", "").replace("$", "").replace(".*", "nowhere").replace("\\", "")


def outcome(answer: Any) -> str:
    away = answer.get("Location", "")
    if answer.status_code == 403 or away == "/admin/" or away.startswith("/admin/login/?"):
        return "refused"
    return "nothing" if answer.status_code in (404, 405) else "seen"


def opens(role: str, name: str) -> bool:
    """Of the roles that may see a page one opens it: it costs more than all that are refused."""
    who = [one for one in may(name) if one in ROLES]
    return bool(who) and role == who[zlib.crc32(name.encode()) % len(who)]


def ways(of: str, every: bool) -> list[str]:
    """Each address is tried in both ways by about half of the roles that are refused."""
    return ["get", "post"] if every else ["get", "post"][zlib.crc32(of.encode()) % 2 :][:1]


@pytest.mark.every_case
@pytest.mark.parametrize("every", [False, pytest.param(True, marks=pytest.mark.rare)])
@pytest.mark.parametrize("role", ROLES)
def test_matrix(role: str, every: bool, things: dict[str, Any]) -> None:
    user = make_colleague(ROLES[role]) if ROLES[role] else None
    client = Client(raise_request_exception=False)
    if user:
        client.force_login(user)
    wrong = []
    for route, name in addresses():
        if LEFT_OUT & {name, route} or (user and "o" in may(name)):
            continue
        # Who may send a form is what the tests of that form are about.
        by_page = role == "w" and "~" in may(name)
        if role in may(name) and not (every or opens(role, name)):
            continue
        for method in ["get"] if role in may(name) or by_page else ways(role + name, every):
            with transaction.atomic():
                answer = getattr(client, method)(filled(route, things))
                transaction.set_rollback(True)
            expected = ["seen" if role in may(name) else "refused", "nothing"]
            if by_page:
                expected += ["seen"]
            found = outcome(answer)
            if answer.status_code >= 500 or found not in expected:
                wrong.append(f"{method} {filled(route, things)} ({name}): {answer.status_code}")
    assert not wrong, "\n".join(wrong)
