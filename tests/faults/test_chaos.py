"""The short version of ``make chaos``: one of each kind."""

import os
import subprocess
import sys

import pytest

from tests.environment import ROOT


@pytest.mark.slow
def test_no_reader_is_lost_or_doubled_whatever_dies() -> None:
    answer = subprocess.run(
        [sys.executable, "-m", "tests.chaos"], cwd=ROOT, env=os.environ | {"SHORT": "1"},
        capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip
    assert answer.returncode == 0, answer.stdout + answer.stderr[-2000:]
    assert "4 ways" in answer.stdout
    assert "not reached" not in answer.stdout
