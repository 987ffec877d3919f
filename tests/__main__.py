"""``make test``: everything, in two halves side by side, each in a world of its own.

One half runs on the database, the other starts the whole product as `make up` does. With
arguments (``make test ARGS="tests/donations -x"``) it is one plain run of pytest.
"""

import os
import subprocess
import sys

from tests.environment import ROOT

HALVES = {
    "units": [
        "tests/donations",
        "tests/subscriptions",
        "tests/newsroom/mail",
        "tests/newsroom/editing",
        "tests/newsroom/models",
        "tests/newsroom/publishing",
        "tests/newsroom/web",
        "tests/newsroom/test_hostile_requests.py",
        "tests/faults/test_chaos.py",
    ],
    # What starts the product, or looks at all of it; and some of the others, for balance.
    "products": [
        "tests/newsroom/accounts",
        "tests/newsroom/core",
        "tests/newsroom/staff",
        "tests/newsroom/uploads",
        "tests/test_admin_matrix.py",
        "tests/test_commands.py",
        "tests/test_licences.py",
        "tests/test_structure.py",
        "tests/test_translations.py",
        "tests/faults/test_front.py",
        "tests/faults/test_up.py",
        "tests/browser",
    ],
}


def main(arguments: list[str]) -> int:
    if arguments:
        return subprocess.run([sys.executable, "-m", "pytest", *arguments], check=False).returncode
    running = {name: start(name, paths) for name, paths in HALVES.items()}
    failed = 0
    for name, process in running.items():
        output, _ = process.communicate()
        sys.stdout.write(f"--- {name}\n{output}\n")
        failed += process.returncode != 0
    return failed


def start(name: str, paths: list[str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "pytest", "--durations=5", *paths],
        cwd=ROOT,
        env=os.environ | {"TEST_WORLD": name},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
