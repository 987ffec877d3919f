"""``make check``'s last part: templates look only downwards, the picture of the rooms and the table
of licences are true, what the pages point at is there, migrations are complete, and production
settings pass Django's checks."""

import os
import subprocess
import sys

from tests.production import PRODUCTION


def manage(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return python("manage.py", *arguments, **environment)


def python(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def main() -> None:
    failed = False
    settings = {"DJANGO_SETTINGS_MODULE": "newsroom.settings"}
    checks = {
        "templates": python("-m", "tests.layers", **PRODUCTION, **settings),
        "picture of the rooms": python("-m", "tests.picture", "--check"),
        "links and commands of the pages": python("-m", "tests.links", **PRODUCTION, **settings),
        "licences": python("-m", "tests.licences", "--check"),
        "settings in the documents": python("-m", "tests.settings_page", "--check"),
        "deployment": manage("check", "--deploy", "--fail-level", "WARNING", **PRODUCTION),
        "migrations": manage(
            "makemigrations", "--check", "--dry-run", "--skip-checks", **PRODUCTION
        ),
    }
    for name, result in checks.items():
        sys.stdout.write(f"{name}: {'ok' if result.returncode == 0 else 'FAILED'}\n")
        if result.returncode:
            failed = True
            sys.stdout.write(result.stdout + result.stderr)
    sys.exit(failed)


if __name__ == "__main__":
    main()
