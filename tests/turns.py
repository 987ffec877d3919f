"""What is costly takes turns: `make test` takes a part of it, another one with each commit.

``tests/costly.txt`` names what takes a second or more, the costliest first, so that all parts cost
about the same: a third of the tests takes six sevenths of the time. A commit takes the same part
wherever it is tried. `make test ARGS=all` takes all of it, and so does `make chaos`;
`make test ARGS=costly` does, and writes the file anew: a pytest plugin.
"""

import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

TURNS = 4
SECONDS = 1.0
LIST = Path(__file__).parent / "costly.txt"
took: Counter[str] = Counter()  # seconds, of the plugin


def turn() -> int:
    """Of this commit; the first where there is no git."""
    asked = ["git", "rev-parse", "HEAD"]
    try:
        said = subprocess.run(asked, cwd=LIST.parent, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return 0
    return int(said.stdout[:8], 16) % TURNS


def others() -> set[str]:
    """The tests whose turn it is not."""
    mine, tests = turn(), LIST.read_text().split()
    return {test for place, test in enumerate(tests) if place % TURNS != mine}


def test_of(nodeid: str) -> str:
    """Without its case."""
    return nodeid.partition("[")[0]


def pytest_runtest_logreport(report: Any) -> None:
    took[test_of(report.nodeid)] += report.duration


def pytest_sessionfinish(session: Any) -> None:
    if hasattr(session.config, "workerinput"):
        return
    costly = [test for test, seconds in took.most_common() if seconds >= SECONDS]
    LIST.write_text("".join(f"{test}\n" for test in costly))
