"""``docs/settings.md``: the table of settings, for people.

``python -m tests.settings_page`` writes the page anew; ``--check`` says whether it is true.
"""

import sys
from pathlib import Path

from newsroom.core.environment.table import GROUPS, KEYS, Setting

PAGE = Path(__file__).resolve().parent.parent / "docs" / "settings.md"
HEAD = """# Settings

Each setting is an environment variable. Unset, each part of a local checkout is local; set, it is
the real thing, one by one. With `PRODUCTION=true` nothing is made up: web, workers, beat and
`manage.py` look at all settings when they start, and say everything that is missing or wrong at
once, with how to make it. `manage.py check --deploy` asks without starting anything, `manage.py
keys` makes the secrets, `manage.py doctor` looks at the deployment around them.

This page is drawn by `make settings` from the table in `newsroom/core/environment/table.py`, of
which the checks are made, too. A new setting is a row there, read in `newsroom/settings.py` as
`env("ITS_NAME")`.

“Needed” is what production does not start without, where it says “by”, with that `MAIL_PROVIDER`.
Any other variable that begins with `ANYMAIL_` is Anymail's own, as its page on your provider has
it (lists and objects as JSON).
"""


def page() -> str:
    parts = [HEAD]
    for group, rows in GROUPS.items():
        parts += [
            f"\n## {group}\n\n",
            "| variable | what for | looks like | without it | needed |\n",
        ]
        parts += ["| --- | --- | --- | --- | --- |\n", *(line(row) for row in rows)]
    return "".join(parts)


def line(row: Setting) -> str:
    without = row.made or (f"`{row.local}`, locally" if row.local else "")
    without = without or (f"`{row.default}`" if row.default else "")
    needed = "yes" if row.needed else "by " + ", ".join(row.needed_by) if row.needed_by else ""
    needed += f"; `{KEYS}` makes it" if row.how == KEYS else ""
    cells = [f"`{row.name}`", row.what, row.shape.looks, without, needed]
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |\n"


def main() -> None:
    if "--check" not in sys.argv:
        PAGE.write_text(page())
    elif PAGE.read_text() != page():
        sys.exit("docs/settings.md is an old one: make settings")


if __name__ == "__main__":
    main()
