"""What a reader costs among 10,000, 100,000 and a million others: it should be the same."""

from contextlib import ExitStack
from typing import Any

from tests.benchmarks import given
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

CPU = "CPU per 1,000, database included"
SIZES = {1: 9, 10_000: 9, 100_000: 3, 1_000_000: 1}  # readers: runs


def run() -> tuple[dict[str, Any], Figures]:
    sizes = SIZES
    if most := given("RECIPIENTS", 0):
        sizes = {size: runs for size, runs in SIZES.items() if size <= most}
    figures: Figures = {}
    cpu: dict[int, float] = {}  # ms of one send
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
            cpu[size] = found[CPU][0] * size / 1000
            figures[f"throughput at {size:,}"] = found["throughput, end to end"]
            figures[f"memory of a worker at {size:,}"] = found["memory of a worker"]
    # An issue costs something by itself: it is rendered and published, whoever reads it.
    fixed = cpu.pop(1)
    figures["CPU of an issue to one reader"] = (fixed, "ms")
    each = {size: (used - fixed) / size * 1000 for size, used in cpu.items()}
    for size, cost in each.items():
        figures[f"CPU per 1,000 beyond that, at {size:,}"] = (cost, "ms")
    figures["dearest over cheapest"] = (max(each.values()) / min(each.values()), "times")
    return {"sizes": list(sizes), "issue_bytes": issue_bytes}, figures
