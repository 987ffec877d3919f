"""``make check``'s last part: templates look only downwards, the picture of the rooms is true,
migrations are complete, and production settings pass Django's deployment checks."""

import os
import secrets
import subprocess
import sys
from base64 import b64encode

PRODUCTION = {
    "PRODUCTION": "true",
    "BASE_URL": "https://news.example.org",
    "ALLOWED_HOSTS": "news.example.org",
    "SECRET_KEY": secrets.token_urlsafe(60),
    "PRIVACY_KEYS": f"1:{b64encode(secrets.token_bytes(32)).decode()}",
    "BLIND_INDEX_KEY": b64encode(secrets.token_bytes(32)).decode(),
    "DATABASE_URL": "postgres://news@db.example.org/news",
    "REDIS_URL": "redis://redis.example.org/0",
    "MAIL_PROVIDER": "mailgun",
    "ANYMAIL_MAILGUN_API_KEY": "key",
    "DEFAULT_FROM_EMAIL": "News <news@example.org>",
    "STRIPE_SECRET_KEY": "sk_live_x",
    "STRIPE_WEBHOOK_SECRETS": "whsec_x",
}


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
        "deployment": manage("check", "--deploy", "--fail-level", "WARNING", **PRODUCTION),
        "migrations": manage(
            "makemigrations", "--check", "--dry-run", "--skip-checks", **PRODUCTION
        ),
    }
    for name in (
        "SECRET_KEY",
        "PRIVACY_KEYS",
        "BLIND_INDEX_KEY",
        "DATABASE_URL",
        "STRIPE_SECRET_KEY",
    ):
        without = {key: value for key, value in PRODUCTION.items() if key != name}
        refused = manage("check", **without)
        if refused.returncode == 0:
            failed = True
            sys.stdout.write(f"production starts without {name}\n")
    for name, result in checks.items():
        sys.stdout.write(f"{name}: {'ok' if result.returncode == 0 else 'FAILED'}\n")
        if result.returncode:
            failed = True
            sys.stdout.write(result.stdout + result.stderr)
    sys.exit(failed)


if __name__ == "__main__":
    main()
