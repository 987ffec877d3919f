"""``make test``: everything that is not rare, in worlds side by side, as many as there are cores.

A world gets the next file when it is through with one, the largest first; what shares a running
product stays together. Of a test that needs a database, or is costly, `make test` takes one case
(tests/conftest.py); the others are as rare as what is marked so, and run in `make chaos`. Of the
tests that cost most it takes a part, another one with each commit (tests/turns.py); with
``ARGS=all`` all of them. With other arguments (``make test ARGS="tests/donations -x"``) it is one
plain run of pytest, of every case.
"""

import os
import subprocess
import sys

CORES = os.cpu_count() or 1
MORE = ["-n", str(CORES + 1)]  # one waits for a server, mostly
SIDE_BY_SIDE = ["--dist", "loadscope", "--no-loadscope-reorder", "--durations", "15", "-m"]
CHOICES = {
    "": [*MORE, *SIDE_BY_SIDE, "not rare and not another_turn"],
    "all": [*MORE, *SIDE_BY_SIDE, "not rare"],
    "costly": [*MORE, *SIDE_BY_SIDE, "not rare", "-p", "tests.turns"],
    "rare": [*MORE, *SIDE_BY_SIDE, "rare or another_turn"],
    "fast": ["-n", str(CORES), *SIDE_BY_SIDE, "not rare and not slow"],
}


def main(arguments: list[str]) -> int:
    chosen = CHOICES.get(" ".join(arguments), arguments)
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # each of many processes would compile us anew
    return subprocess.run([sys.executable, "-m", "pytest", *chosen], check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
