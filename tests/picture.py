"""The picture of the rooms in ``docs/architecture.md``, drawn from the code's own imports.

``python -m tests.picture`` draws it anew; ``--check`` says whether it is still true. An arrow means
“looks at”. One that follows from others (a -> b -> c makes a -> c) is left out.
"""

import ast
import sys
from collections.abc import Iterable
from pathlib import Path

import grimp

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "architecture.md"
BEGINS, ENDS = "<!-- rooms: drawn by tests/picture.py -->\n", "<!-- rooms end -->\n"
APPS = ("donations", "subscriptions", "newsroom")

Edges = set[tuple[str, str]]


def rooms() -> list[str]:
    """The packages of each app that say in a docstring what they do."""
    found = []
    for app in APPS:
        for path in sorted((ROOT / app).glob("*/__init__.py")):
            if summary_of(f"{app}.{path.parent.name}"):
                found.append(f"{app}.{path.parent.name}")
    return found


def summary_of(room: str) -> str:
    """The first line of its docstring, "" without one."""
    source = (ROOT / room.replace(".", "/") / "__init__.py").read_text()
    first = (ast.get_docstring(ast.parse(source)) or "").partition("\n")[0]
    return first.replace("``", "`")  # Markdown marks code with one


def edges(rooms: Iterable[str]) -> Edges:
    """Which room imports from which."""
    graph = grimp.build_graph(*APPS, exclude_type_checking_imports=True)
    known = set(rooms)
    found = set()
    for module in graph.modules:
        here = ".".join(module.split(".")[:2])
        for imported in graph.find_modules_directly_imported_by(module):
            there = ".".join(imported.split(".")[:2])
            if here != there and {here, there} <= known:
                found.add((here, there))
    return found


def reduced(edges: Edges) -> Edges:
    """Without the edges that others imply."""
    below: dict[str, set[str]] = {}

    def reach(room: str) -> set[str]:
        if room not in below:
            below[room] = set()
            for here, there in edges:
                if here == room:
                    below[room] |= {there} | reach(there)
        return below[room]

    return {
        (here, there)
        for here, there in edges
        if not any(one == here and there in reach(other) for one, other in edges)
    }


def drawn() -> str:
    """The picture (Mermaid) and the table below it, as Markdown."""
    found = rooms()
    lines = ["```mermaid", "flowchart TB"]
    for app in APPS:
        lines.append(f"  subgraph {app}")
        lines += [f'    {room}["{room.partition(".")[2]}"]' for room in found if in_app(room, app)]
        lines.append("  end")
    lines += [f"  {here} --> {there}" for here, there in sorted(reduced(edges(found)))]
    lines += ["```", "", "| room | what it does |", "| --- | --- |"]
    lines += [f"| `{room.replace('.', '/')}/` | {summary_of(room)} |" for room in found]
    return "\n".join(lines) + "\n"


def in_app(room: str, app: str) -> bool:
    return room.startswith(f"{app}.")


def with_picture(page: str) -> str:
    before, _, rest = page.partition(BEGINS)
    _, _, after = rest.partition(ENDS)
    return f"{before}{BEGINS}{drawn()}{ENDS}{after}"


def main(arguments: list[str]) -> int:
    page = PAGE.read_text()
    if arguments == ["--check"]:
        if with_picture(page) == page:
            return 0
        sys.stdout.write("The picture of the rooms is out of date: `make picture` draws it anew.\n")
        return 1
    PAGE.write_text(with_picture(page))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
