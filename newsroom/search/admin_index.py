"""The search index in PostgreSQL, kept with each save."""

from typing import Any

from modelsearch.backends.database.postgres.postgres import PostgresIndex, PostgresSearchBackend


class CalmIndex(PostgresIndex):
    """Writes the row of what is saved, and no other.

    After each save the library weighs anew, by the average length of all titles, every row that
    has no weight or a weight of exactly 1: two saves at the same moment then wait for each other
    for ever, and one of them fails. A new row waits for ``manage.py update_index`` instead.
    """

    def _refresh_title_norms(self, full: bool = False) -> None:
        if full:
            super()._refresh_title_norms(full=True)


class SearchBackend(PostgresSearchBackend):
    index_class: Any = CalmIndex
