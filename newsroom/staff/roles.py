"""The groups of staff and what each may do."""

from django.contrib.auth.models import Group, Permission
from django.db.models import Q
from wagtail.models import Collection, GroupCollectionPermission, GroupPagePermission, Page

EDIT = [
    "wagtailadmin.access_admin",
    "newsroom.add_author",
    "newsroom.change_author",
    "newsroom.delete_author",
    "newsroom.view_author",
    "newsroom.add_series",
    "newsroom.change_series",
    "newsroom.delete_series",
    "newsroom.view_series",
    "wagtailredirects.add_redirect",
    "wagtailredirects.change_redirect",
    "wagtailredirects.delete_redirect",
    "subscriptions.approve_mailing",
    "subscriptions.view_mailing",
    "newsroom.lift_suppression",
    "subscriptions.see_readers",
    "donations.view_deferralcount",
    "donations.view_experiment",
]

# What readers are asked, in whose words.
ASK = [
    "donations.view_appeal",
    "donations.add_appeal",
    "donations.change_appeal",
    "donations.publish_appeal",
    "donations.add_experiment",
    "donations.change_experiment",
    "donations.delete_experiment",
]

# Finance's books, to read; who gave stays a number.
READ_BOOKS = [
    "wagtailadmin.access_admin",
    "donations.view_contribution",
    "donations.view_movement",
    "donations.view_recurringcontribution",
    "donations.view_payout",
    "donations.view_dispute",
    "donations.view_booking",
    "donations.view_appeal",
    "donations.view_deferralcount",
    "donations.view_experiment",
]
# … and who gave; refunds, and what a donor asks for by mail.
KEEP_BOOKS = [
    *READ_BOOKS,
    "donations.view_donor",
    "donations.change_donor",
    "donations.change_recurringcontribution",
    "donations.decide_review",
    "donations.add_note",
    "donations.explain_bankline",
    "donations.add_offlinegift",
    *ASK,
    "donations.add_country",
    "donations.change_country",
    "donations.delete_country",
    "donations.view_country",
    "donations.change_givingwords",
    "donations.change_keepintouch",
]

# Group -> permissions. Pages and images come on top, by PAGES and COLLECTIONS.
ROLES = {
    # They make articles, edit their own, and hand them in; see no readers, no money, no mailing.
    "Writers": ["wagtailadmin.access_admin"],
    # All of the paper: articles of all, the front page, sections, newsletters.
    "Editors": EDIT,
    # Who answers for it: they publish alone, too, where two people are asked for, and write what
    # asks for support, whose pictures and pages finance can't choose.
    "Publishers": [*EDIT, *ASK, "newsroom.publish_alone"],
    # Whoever answers for the lists. Whom these name is nobody else's business; and an import tells
    # of an address whether we know it.
    "List owners": [
        "wagtailadmin.access_admin",
        "newsroom.lift_suppression",
        "subscriptions.see_readers",
        "subscriptions.manage_readers",
        "subscriptions.import_readers",
        "subscriptions.export_readers",
    ],
    "Finance viewers": READ_BOOKS,
    "Finance": KEEP_BOOKS,
    # They also close a month, make two donors one, which can't be taken back, say when it takes two
    # people, whom to look at, and write to all who gave in a year.
    "Finance leads": [
        *KEEP_BOOKS,
        "donations.delete_donor",
        "donations.close_month",
        "donations.change_blockedmark",
        "donations.change_reviewrules",
        "donations.change_datev",
        "donations.send_statements",
    ],
    # Who looks whether it is all in order: everything, the log as well, and no names.
    "Auditors": [*READ_BOOKS, "donations.view_country", "accounts.view_auditentry"],
}
ALL_PAGES = ["add_page", "change_page", "publish_page", "lock_page", "unlock_page"]
PAGES = {"Writers": ["add_page"], "Editors": ALL_PAGES, "Publishers": ALL_PAGES}
# Wagtail lets who may add a file change it, if it is their own.
THEIR_FILES = ["add_image", "choose_image", "add_document", "choose_document"]
THEIR_FILES += ["add_creditedimage", "choose_creditedimage"]
ALL_FILES = [*THEIR_FILES, "change_image", "change_creditedimage"]
COLLECTIONS = {"Writers": THEIR_FILES, "Editors": ALL_FILES, "Publishers": ALL_FILES}


def grant() -> None:
    """Create or update the groups with their permissions. Safe to run again."""
    for name, wanted in ROLES.items():
        group, _ = Group.objects.get_or_create(name=name)
        group.permissions.set(permissions(wanted))
        root = Page.get_first_root_node()
        for permission in Permission.objects.filter(
            content_type__app_label="wagtailcore", codename__in=PAGES.get(name, [])
        ):
            GroupPagePermission.objects.get_or_create(group=group, page=root, permission=permission)
        for permission in Permission.objects.filter(codename__in=COLLECTIONS.get(name, [])):
            GroupCollectionPermission.objects.get_or_create(
                group=group, collection=Collection.get_first_root_node(), permission=permission
            )
    # Wagtail's own second group, and its workflow: ours are newsroom/editing/approval.py.
    Group.objects.filter(name="Moderators", user=None).delete()


def permissions(names: list[str]) -> list[Permission]:
    """The permissions so named, “app.codename”. Raises LookupError for one that is not there."""
    wanted = Q()
    for name in names:
        app, codename = name.split(".")
        wanted |= Q(content_type__app_label=app, codename=codename)
    found = list(Permission.objects.filter(wanted).select_related("content_type"))
    missing = set(names) - {f"{p.content_type.app_label}.{p.codename}" for p in found}
    if missing:
        raise LookupError(f"No such permissions: {', '.join(sorted(missing))}. Run migrate first.")
    return found
