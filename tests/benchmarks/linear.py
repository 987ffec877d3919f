"""What a reader costs among 10,000, 100,000 and a million others: it should be the same."""

import os
from contextlib import ExitStack
from typing import Any

from tests.benchmarks.mailing import (
    Figures,
    content,
    medians,
    more_readers,
    port,
    send_once,
    start,
    start_worker,
)  # fmt: skip
from tests.environment import wait_for_port

SIZES = {10_000: 9, 100_000: 3, 1_000_000: 1}  # readers: runs


def run() -> tuple[dict[str, Any], Figures]:
    sizes = SIZES
    if most := int(os.environ.get("RECIPIENTS") or 0):
        sizes = {size: runs for size, runs in SIZES.items() if size <= most}
    figures: Figures = {}
    with ExitStack() as stack:
        start(stack, "-m", "tests.benchmarks.sink", port("MAIL_SANDBOX_URL"))
        wait_for_port(int(port("MAIL_SANDBOX_URL")))
        newsletter, issue_bytes = content(0)
        worker = start_worker(stack)
        have = 0
        for size, runs in sizes.items():
            more_readers(newsletter, have, size)
            have = size
            _, *results = [send_once(newsletter, size, worker) for _ in range(runs + 1)]
            found = medians(results)
            for name, short in (
                ("throughput, end to end", "throughput"),
                ("CPU per 1,000, database included", "CPU per 1,000"),
                ("memory of a worker", "memory of a worker"),
            ):
                figures[f"{short} at {size:,}"] = found[name]
    cpu = [value for name, (value, _) in figures.items() if name.startswith("CPU")]
    figures["dearest over cheapest, CPU"] = (max(cpu) / min(cpu), "times")
    return {"sizes": list(sizes), "issue_bytes": issue_bytes}, figures
