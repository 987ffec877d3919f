"""``make bench NAME=send``: one benchmark in a world of its own, as a table and as JSON."""

import json
import os
import platform
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from importlib import import_module

from tests.environment import ROOT, use_own_world

NAMES = (
    "send", "linear", "smtp", "webhooks", "checkout", "desk", "readers", "readers_pages", "slow",
    "timing", "events", "signup", "pages", "growth", "books", "finance", "ask", "later",
)  # fmt: skip
BENCHMARKS = {name: f"tests.benchmarks.{name}" for name in NAMES}


def main(name: str) -> None:
    if name not in BENCHMARKS:
        sys.exit(f"No benchmark {name!r}. There are: {', '.join(BENCHMARKS)}. make bench NAME=…")
    use_own_world("bench-world")
    shutil.rmtree(os.environ["NEWSROOM_VAR"], ignore_errors=True)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "newsroom.settings")
    os.environ["LOG_LEVEL"] = "WARNING"
    os.environ["MAIL_LEASE_SECONDS"] = "90"
    benchmark = import_module(BENCHMARKS[name])
    os.environ.update(getattr(benchmark, "ENVIRONMENT", {}))

    from newsroom.devserver import engines

    (engines.VAR / "static").mkdir(parents=True, exist_ok=True)
    with engines.servers():
        import django
        from django.core.management import call_command

        django.setup()
        call_command("migrate", verbosity=0)
        call_command("roles", verbosity=0)
        parameters, figures = benchmark.run()
        from django.db import connections

        connections.close_all()
    report = {
        "name": name,
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": git("rev-parse", "--short", "HEAD"),
        "machine": f"{os.cpu_count()} cores, {platform.machine()}, {sys.version.split()[0]}",
        "parameters": parameters,
        "figures": {
            key: {"value": round(v, 3), "unit": unit} for key, (v, unit) in figures.items()
        },
    }
    out = ROOT / "var" / "bench" / f"{name}.json"
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(report, indent=2) + "\n")
    sys.stdout.write(f"\n{name} ({report['machine']}, commit {report['commit']}, {parameters})\n")
    for key, (value, unit) in figures.items():
        sys.stdout.write(f"  {key:<36}{value:>14,.2f} {unit}\n")
    sys.stdout.write(f"  in {out.relative_to(ROOT)}\n")


def git(*arguments: str) -> str:
    return subprocess.run(
        ["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.strip()


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "")
