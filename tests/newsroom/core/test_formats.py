"""Dates and times are written in one way: 26 November 2026, 14:30."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.conf import settings
from django.template import Context, Template
from django.utils import timezone, translation
from django.utils.formats import date_format

from tests.factories import make_article, make_user

MOMENT = datetime(2026, 11, 6, 13, 30, tzinfo=UTC)
# Besides the languages' own: with the weekday, with seconds where something is evidence, parts of
# a sentence that has the day already, a month of the archive, and what machines read.
WAYS = {
    "DATETIME_FORMAT", "l, j F Y, H:i", "l, j F Y", "j F Y, H:i:s", "l", "F Y", "H:i", "H:i:s",
    "YEAR_MONTH_FORMAT", "c", "Y-m-d", "Y-m", "Y", "m",
}  # fmt: skip


@pytest.mark.parametrize("language", ["en-gb", "en"])
def test_english_has_one_way_in_whatever_kind_of_english_somebody_reads(language) -> None:
    with translation.override(language):
        shown = Template("{{ at }} · {{ at|date }} · {{ at|time }}").render(Context({"at": MOMENT}))
        assert shown == "6 November 2026, 14:30 · 6 November 2026 · 14:30"
        assert date_format(timezone.localtime(MOMENT), "SHORT_DATETIME_FORMAT") in shown


def test_no_template_and_no_module_has_a_way_of_its_own() -> None:
    strays = []
    for path in sorted((settings.BASE_DIR / "templates").rglob("*.*")):
        found = re.findall(r"""\|(?:date|time):["']([^"']*)["']""", path.read_text())
        strays += [f"{path.name}: {one}" for one in found if one not in WAYS]
    for app in ("newsroom", "subscriptions", "donations"):
        for path in sorted(Path(settings.BASE_DIR, app).rglob("*.py")):
            if path.name == "columns.py":  # reads what banks write
                continue
            strays += [
                f"{path.name}: {one}" for one in re.findall("%d %B|%b|%y|%I|%p", path.read_text())
            ]
    assert strays == []


@pytest.mark.django_db
def test_wagtails_own_lists_write_dates_as_we_do(client, site) -> None:
    client.force_login(make_user())
    article = make_article(site.section)
    article.save_revision()
    page = client.get(f"/admin/pages/{site.section.pk}/").text
    at = date_format(timezone.localtime(article.latest_revision.created_at), "DATETIME_FORMAT")
    assert at in page and "ago" not in re.findall(r"<time[^>]*>([^<]*)", page)
