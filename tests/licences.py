"""``docs/licences.md``: the licence of everything that is imported at run time.

``python -m tests.licences`` writes the page anew; ``--check`` says whether it is true, and refuses
a licence that is not allowed. What a package needs is followed from ``pyproject.toml`` through the
metadata of what is installed (PEP 639, and the older fields). Tools that only build and test are
not in it: they are not handed to anyone.
"""

import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from itertools import chain
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "licences.md"

# Permissive, and two that ask for no more than that changes to the package itself stay free:
# LGPL for what is imported as it is and can be replaced, MPL file by file.
ALLOWED = {
    *("Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "CNRI-Python", "ISC", "LGPL-3.0-only"),
    *("MIT", "MIT-0", "MIT-CMU", "MPL-2.0", "OFL-1.1", "PSF-2.0", "Unlicense"),
}
# How packages without an SPDX expression say it.
WORDS = {
    "Apache 2.0": "Apache-2.0",
    "Apache License 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "BSD": "BSD-3-Clause",
    "BSD License": "BSD-3-Clause",
    "Dual License": "Apache-2.0 OR BSD-3-Clause",  # python-dateutil
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "New BSD": "BSD-3-Clause",
    "PSFL": "PSF-2.0",
    "Python Software Foundation License": "PSF-2.0",
    "The Unlicense (Unlicense)": "Unlicense",
}
# Wheels hold other people's libraries. Those whose licence files speak of the GPL were read:
COMPATIBLE = "only says that its licence goes together with the GPL"
ADDITION = "LGPL-3.0, which is written as an addition to the GPL"
READ = {
    **dict.fromkeys(("amqp", "celery", "django", "et-xmlfile"), COMPATIBLE),
    **dict.fromkeys(("typing-extensions", "vine"), COMPATIBLE),
    **dict.fromkeys(("psycopg", "psycopg-binary", "psycopg-pool"), ADDITION),
    "lxml": "the GPL is its test runner's, which is not in the wheel",
    "pikepdf": "GCC's runtime libraries, whose exception lets anything link to them",
    "pillow": "FreeType leaves a choice (its own FTL); of XZ the GPL files are not in liblzma",
}
GPL = re.compile(r"(?<![Ll])\bA?GPL|GNU (Affero )?General Public")
LICENCE_FILE = re.compile(r"licen[cs]e|copying|notice", re.I)
HEAD = """# Licences

The newsroom is under the BSD 3-Clause License ([LICENSE](../LICENSE)), as Django and Wagtail are.
What it imports at run time is below, drawn by `make licences` from the packages' own metadata;
`make check` refuses an old table, and a licence that is not on the list in `tests/licences.py`.

Allowed are permissive licences, and two that ask for more without touching our own code: MPL-2.0
(changes to its files stay free) and LGPL-3.0 (psycopg is imported as it is, and anyone can put
another version in its place). The GPL is not: who hands this software on would have to put all of
it under the GPL. `pillow-heif`, which Wagtail would like, is left out for that reason
(`pyproject.toml`), so HEIC pictures are not taken; AVIF is read without it.

Nothing else of other people is in the repository: the pictures of the demo are drawn by its own
code, the icon is ours, and pages use the fonts of the reader's system. Receipts use the Libertinus
Serif that Typst carries, Vazirmatn (`donations/giving/fonts/`), and Noto Sans from the packages
`manimgx-fonts` and `manimgx-fonts-cjk`: all under the SIL Open Font License 1.1, by which a PDF may
embed them. The Stripe sandbox reads its contract from the installed `stripe` package. Wagtail's
scripts and icons come with Wagtail, which names their licences beside them.

| package | licence |
| --- | --- |
"""


def packages() -> dict[str, Distribution]:
    """All that ``pyproject.toml`` needs at run time, its optional parts too, by name."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    optional = chain.from_iterable(project["optional-dependencies"].values())
    waiting = [*project["dependencies"], *optional]
    found: dict[str, Distribution] = {}
    seen: set[str] = set()
    while waiting:
        text = waiting.pop()
        if text in seen:
            continue
        seen.add(text)
        wanted = Requirement(text)
        package = installed(wanted.name)
        if package is None:  # left out on purpose: uv sync has put in all others
            continue
        found[canonicalize_name(wanted.name)] = package
        waiting += needed_by(package, wanted.extras)
    return dict(sorted(found.items()))


def installed(name: str) -> Distribution | None:
    try:
        return distribution(name)
    except PackageNotFoundError:
        return None


def needed_by(package: Distribution, extras: set[str]) -> Iterator[str]:
    """Its requirements on this machine, with those of the extras that are asked for."""
    for text in package.requires or []:
        marker = Requirement(text).marker
        if not marker or any(marker.evaluate({"extra": extra}) for extra in ("", *extras)):
            yield text


def licence_of(package: Distribution) -> str:
    """As an SPDX expression; as the package says it when we don't know the words."""
    said = package.metadata
    if expression := said.get("License-Expression"):
        return str(expression)
    classifiers = [text.rpartition(" :: ")[2] for text in said.get_all("Classifier") or []
                   if text.startswith("License ::")]  # fmt: skip
    named = [said.get("License", ""), *classifiers]
    known = [WORDS.get(words, words) for words in named if WORDS.get(words, words) in choices()]
    return known[0] if known else " / ".join(filter(None, named)) or "not said"


def choices() -> set[str]:
    return ALLOWED | set(WORDS.values())


def is_allowed(expression: str) -> bool:
    """Of “A OR B” one is enough, of “A AND B” both are needed (SPDX, Annex D; no brackets)."""
    return any(
        all(part.strip() in ALLOWED for part in choice.split(" AND "))
        for choice in expression.split(" OR ")
    )


def speaks_of_gpl(package: Distribution) -> bool:
    """Also in what its wheel carries along."""
    files = [path for path in package.files or [] if ".dist-info" in str(path)]
    texts = [path for path in files if LICENCE_FILE.search(str(path).partition(".dist-info")[2])]
    return any(GPL.search(Path(str(path.locate())).read_text(errors="replace")) for path in texts)


def problems() -> Iterator[str]:
    for name, package in packages().items():
        if not is_allowed(licence_of(package)):
            yield f"{name}: “{licence_of(package)}” is not on the list of allowed licences."
        if speaks_of_gpl(package) and name not in READ:
            yield f"{name}: its licence files speak of the GPL. Read them; then see READ."


def rows() -> dict[str, str]:
    return {name: f"| {name} | {licence_of(package)} |\n" for name, package in packages().items()}


def is_true(page: str) -> bool:
    """What is installed here stands in it, and nothing that uv.lock no longer has. (Another Python
    or another system needs one package more or less.)"""
    locked = {one["name"] for one in tomllib.loads((ROOT / "uv.lock").read_text())["package"]}
    table = page.removeprefix(HEAD).splitlines(keepends=True)
    known = {line.split(" | ")[0].removeprefix("| ") for line in table}
    return page.startswith(HEAD) and set(rows().values()) <= set(table) and known <= locked


def main(arguments: list[str]) -> int:
    found = [*problems()]
    if arguments != ["--check"]:
        PAGE.write_text(HEAD + "".join(rows().values()))
    elif not is_true(PAGE.read_text()):
        found.append("The table of licences is out of date: `make licences` writes it anew.")
    sys.stdout.write("".join(f"{line}\n" for line in found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
