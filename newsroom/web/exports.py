"""Tables to take away: our own and Wagtail's lists and reports, by the one writer of both.

Uses ``newsroom/core/spreadsheets.py`` in place of what Wagtail's ``SpreadsheetExportMixin`` writes,
which has formulas in CSV, UTC in XLSX, and all rows in memory. A file is whole before its first
byte is sent: no transaction waits for a slow client.
"""

from collections.abc import Iterator
from tempfile import TemporaryFile
from typing import Any

from django.db import DEFAULT_DB_ALIAS
from django.db.models import QuerySet
from django.http import FileResponse
from wagtail.admin.views.mixins import SpreadsheetExportMixin

from newsroom.core import spreadsheets
from newsroom.core.database import keyset, one_state, reports
from newsroom.core.spreadsheets import Rows

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def csv_response(rows: Rows, name: str) -> FileResponse:
    file = TemporaryFile()  # noqa: SIM115 — the response closes it
    file.writelines(spreadsheets.csv_file(rows))
    file.seek(0)
    return FileResponse(
        file, as_attachment=True, filename=f"{name}.csv", content_type="text/csv; charset=utf-8"
    )


def xlsx_response(rows: Rows, name: str) -> FileResponse:
    file = spreadsheets.xlsx_file(rows)
    return FileResponse(file, as_attachment=True, filename=f"{name}.xlsx", content_type=XLSX)


def rows_of(view: Any, found: Any, kind: str) -> Iterator[list[object]]:
    """The headings and rows of one of Wagtail's lists; ``kind`` is “csv” or “xlsx”. One state of
    the database: nothing twice, nothing of a later moment."""
    yield [view.get_heading(found, field) for field in view.list_export]
    unread = isinstance(found, QuerySet) and found._result_cache is None
    where = reports() if unread else DEFAULT_DB_ALIAS
    with one_state(where):
        for item in keyset(found.using(where)) if unread else found:
            row = view.to_row_dict(item)
            yield [in_words(view, field, row[field], kind) for field in row]


def in_words(view: Any, field: str, value: Any, kind: str) -> Any:
    """What the view's own words for that field make of it, such as the name of an action."""
    words = view.custom_field_preprocess.get(field, {}).get(kind)
    return words(value) if words else value


def install() -> None:
    """Once, before any list is exported."""

    def write_csv(self: Any, queryset: Any) -> FileResponse:
        return csv_response(rows_of(self, queryset, self.FORMAT_CSV), self.get_filename())

    def write_xlsx(self: Any, queryset: Any) -> FileResponse:
        return xlsx_response(rows_of(self, queryset, self.FORMAT_XLSX), self.get_filename())

    SpreadsheetExportMixin.write_csv_response = write_csv
    SpreadsheetExportMixin.write_xlsx_response = write_xlsx
