"""State machines of hypothesis that play against a running sandbox."""

import os
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test


def play(machine: Any, steps: int, stories: int = 5) -> None:
    """EXAMPLES sets how many stories, in place of so few."""
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=int(os.environ.get("EXAMPLES", stories)),
            stateful_step_count=steps,
            deadline=None,
            phases=[Phase.explicit, Phase.generate],  # a shorter story would take hours to find
            derandomize="EXAMPLES" not in os.environ,  # the same stories in every CI run
            suppress_health_check=list(HealthCheck),
        ),
    )
