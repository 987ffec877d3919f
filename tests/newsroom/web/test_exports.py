"""Every list and report that Wagtail lets one take away goes through our writer."""

import csv
import io
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest
from django.db import connection
from django.urls import NoReverseMatch, get_resolver, reverse
from openpyxl import load_workbook
from wagtail.admin.views.mixins import SpreadsheetExportMixin
from wagtail.contrib.redirects.models import Redirect
from wagtail.models import Page

from newsroom.web import exports
from tests.factories import make_article, make_user
from tests.queries import queries_of

pytestmark = pytest.mark.django_db
EVIL = '=HYPERLINK("https://x.example","x")'


def exporting(patterns: Any = None, namespace: str = "") -> Any:
    """The names of all views that may export."""
    for pattern in patterns or get_resolver().url_patterns:
        if hasattr(pattern, "url_patterns"):
            inner = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
            yield from exporting(pattern.url_patterns, inner)
            continue
        view = view_class(pattern.callback)
        if view and issubclass(view, SpreadsheetExportMixin) and pattern.name:
            yield f"{namespace}{pattern.name}"


def view_class(view: Any) -> Any:
    while view and not hasattr(view, "view_class"):
        view = getattr(view, "__wrapped__", None)
    return view and view.view_class


def addresses() -> list[str]:
    found = []
    for name in sorted(set(exporting())):
        try:
            found.append(reverse(name))
        except NoReverseMatch:  # it takes a number: a page's or a setting's own list
            continue
    return found


@pytest.fixture
def admin(client: Any, site: Any) -> Any:
    user = make_user(None, first_name="=1+1", last_name="@x")
    client.force_login(user)
    article = make_article(site.section, title=EVIL)
    article.save_revision(user=user, log_action=True).publish(user=user)
    article.locked, article.locked_by = True, user
    article.save()
    Redirect.objects.create(old_path="/=1", redirect_link="@x")
    return client


def test_every_export_is_inert_and_marked_as_utf_8(admin: Any) -> None:
    urls = addresses()
    assert len(urls) >= 8
    exported, seen = [], ""
    for url in urls:
        answer = admin.get(f"{url}?export=csv")
        if not answer.get("Content-Type", "").startswith("text/csv"):
            continue
        exported.append(url)
        content = answer.getvalue()
        assert content.startswith("\ufeff".encode()), url
        rows = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""))
        for cell in (cell for row in rows for cell in row):
            assert not cell.startswith(("=", "+", "-", "@")), (url, cell)
            seen += cell
        book = load_workbook(io.BytesIO(admin.get(f"{url}?export=xlsx").getvalue()))
        kinds = {cell.data_type for row in book.active.rows for cell in row}
        assert "f" not in kinds and "e" not in kinds, url
    assert f"'{EVIL}" in seen and "/=1" in seen and "'@x" in seen
    assert len(exported) >= 6, exported


def test_export_of_pages_costs_no_query_a_row(admin: Any, site: Any) -> None:
    url = reverse("wagtailadmin_reports:aging_pages")

    def export() -> None:
        assert admin.get(f"{url}?export=csv").getvalue()

    few = queries_of(export)
    for _ in range(20):
        make_article(site.section).save_revision().publish()
    assert queries_of(export) <= few + 2
    assert Page.objects.count() > 20


class Paths:
    """What an export asks of a list of Wagtail's."""

    list_export = ("old_path",)
    custom_field_preprocess: dict[str, Any] = {}

    def get_heading(self, found: Any, field: str) -> str:
        return field

    def to_row_dict(self, row: Redirect) -> dict[str, str]:
        return {"old_path": row.old_path}


@pytest.mark.django_db(transaction=True)
def test_row_that_is_made_anew_meanwhile_is_exported_once(monkeypatch: Any) -> None:
    monkeypatch.setattr(exports, "keyset", partial(exports.keyset, size=1))
    Redirect.objects.create(old_path="/1", redirect_link="/")
    Redirect.objects.create(old_path="/2", redirect_link="/")

    def make_anew() -> None:
        try:
            Redirect.objects.filter(old_path="/1").delete()
            Redirect.objects.create(old_path="/1", redirect_link="/")
        finally:
            connection.close()

    def rows() -> Iterator[list[object]]:
        for row in exports.rows_of(Paths(), Redirect.objects.order_by("pk"), "csv"):
            yield row
            if row == ["/2"]:
                threads.submit(make_anew).result(20)

    with ThreadPoolExecutor(1) as threads:
        answer = exports.csv_response(rows(), "paths")
    assert not connection.in_atomic_block  # whoever reads the file slowly holds nothing
    assert answer.getvalue().decode("utf-8-sig").split() == ["old_path", "/1", "/2"]
