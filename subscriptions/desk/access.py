"""Who may open what of the desk, and how its pages begin."""

from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.urls import reverse_lazy

from newsroom.accounts.models import User
from newsroom.staff.pages import AdminPage
from subscriptions.models import IssuePage, Newsletter

VIEW = "subscriptions.view_mailing"


class NewslettersPage(AdminPage):
    """A page below “Newsletters”."""

    header_icon = "mail"
    breadcrumbs_items = [
        *AdminPage.breadcrumbs_items,
        {"url": reverse_lazy("newsletters"), "label": "Newsletters"},
    ]


def issue_for(request: HttpRequest, pk: int) -> IssuePage:
    """The issue, if this editor may edit it. Raises Http404, PermissionDenied."""
    issue = get_object_or_404(IssuePage, pk=pk)
    if not issue.permissions_for_user(request.user).can_edit():
        raise PermissionDenied
    return issue


def newsletter_for(request: HttpRequest, pk: int) -> Newsletter:
    """Raises Http404, PermissionDenied."""
    newsletter = get_object_or_404(Newsletter.objects.live(), pk=pk)
    if not newsletter.permissions_for_user(request.user).can_edit():
        raise PermissionDenied
    return newsletter


def colleagues() -> Any:
    """Who may be sent a test: everybody with an account and an address who does not travel."""
    found = (
        User.objects.filter(is_active=True, travels_since=None)
        .exclude(email_index=None)
        .order_by("username")
    )
    return found.exclude(demo=True) if settings.PRODUCTION else found
