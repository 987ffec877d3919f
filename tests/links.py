"""``python -m tests.links``: what the pages point at is there: files, headings, `make` targets,
commands of manage.py, and, in the pages for people who work on the screen, the *names* of menus and
buttons. That each command takes the words it is shown with, tests/test_commands.py tries."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import django
import wagtail
from django.core.management import get_commands

ROOT = Path(__file__).resolve().parent.parent
APPS = ("newsroom", "subscriptions", "donations")
BLOCK = re.compile(r"^ *```.*?^ *```", re.M | re.S)
LINE = re.compile(r"^ {4,}.*$", re.M)  # of code, or of a list, where a command stands in a span
LINK = re.compile(r"\]\(([^)\s]+)\)")
COMMAND = re.compile(r"(?:manage\.py|(?<![\w./])(?<!exec )newsroom) ([a-z_]{3,})\b")
TARGET = re.compile(r"`(?:[A-Z_]+=\S+ )?make ([a-z-]+)")
ON_SCREEN = ("docs/for-*.md", "docs/readers-rights.md")
NAME = re.compile(r"(?<![*\w])\*(?![*\s])([^*]+)\*")
PHRASE = re.compile(r"""[>"'}]\s*(?:… )?([^<>"'{}(…:,.\n]+)""")  # its first words, up to a stop
FIELD, CLASS = re.compile(r"\b(\w+) ="), re.compile(r"\bclass (\w+)")


def pages(root: Path) -> Iterator[Path]:
    yield from (*root.glob("*.md"), *root.glob("docs/**/*.md"))


def anchors(text: str) -> set[str]:
    """As GitHub makes them of headings: lower case, without punctuation, “-” for each blank."""
    headings = re.findall(r"^#+ +(.+?) *$", BLOCK.sub("", text), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def dead_links(page: Path) -> Iterator[str]:
    for link in LINK.findall(BLOCK.sub("", page.read_text())):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path) if path else page
        if not target.exists():
            yield f"{link}: no such file"
        elif anchor and anchor not in anchors(target.read_text()):
            yield f"{link}: no such heading"


def unknown_commands(page: Path, known: set[str], targets: set[str]) -> Iterator[str]:
    """In code only: as words, “make” and “newsroom” stand in many sentences."""
    text = page.read_text()
    prose = BLOCK.sub("", text)
    for code in [*BLOCK.findall(text), *LINE.findall(prose), *re.findall(r"`[^`]+`", prose)]:
        yield from (f"`manage.py {name}`" for name in COMMAND.findall(code) if name not in known)
        yield from (f"`make {name}`" for name in TARGET.findall(code) if name not in targets)


def unknown_names(page: Path, shown: set[str]) -> Iterator[str]:
    """Of each *Menu → Item* that the page says is on a screen."""
    for span in NAME.findall(BLOCK.sub("", page.read_text())):
        for name in " ".join(span.split()).split(" → "):
            if re.split("[(…:,.']", name.removeprefix("… "))[0].strip().lower() not in shown:
                yield f"*{name}*"


def on_screens() -> set[str]:
    """Words that begin something in a template or in the code, names of fields and of classes; and
    what Wagtail has translated."""
    code = "\n".join(path.read_text() for app in APPS for path in (ROOT / app).rglob("*.py"))
    templates = "\n".join(path.read_text() for path in (ROOT / "templates").rglob("*.html"))
    theirs = Path(wagtail.__file__).parent.rglob("locale/en/LC_MESSAGES/*.po")
    fields = {name.replace("_", " ") for name in FIELD.findall(code)}
    words = phrases("\n".join([code, templates, *(po.read_text() for po in theirs)]))
    return words | {name.lower() for name in (*fields, *CLASS.findall(code))}


def phrases(text: str) -> set[str]:
    return {phrase.strip().lower() for phrase in PHRASE.findall(text)}


def main(root: Path = ROOT) -> int:
    django.setup()
    known = set(get_commands())
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M))
    dead = [
        f"{page.relative_to(root)}: {what}"
        for page in pages(root)
        for what in (*dead_links(page), *unknown_commands(page, known, targets))
    ]
    shown = on_screens()
    for page in (page for pattern in ON_SCREEN for page in root.glob(pattern)):
        dead += [f"{page.relative_to(root)}: {name}" for name in unknown_names(page, shown)]
    sys.stdout.writelines(f"{line}\n" for line in dead)
    return len(dead)


if __name__ == "__main__":
    sys.exit(min(main(), 1))
