"""``make check``'s last part: templates look only downwards, the picture of the rooms and the table
of licences are true, migrations are complete, and production settings pass Django's checks."""

import os
import secrets
import subprocess
import sys
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor

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
    "ANYMAIL_MAILGUN_WEBHOOK_SIGNING_KEY": secrets.token_hex(16),
    "DEFAULT_FROM_EMAIL": "News <news@example.org>",
    "STRIPE_SECRET_KEY": "sk_live_x",
    "STRIPE_WEBHOOK_SECRETS": "whsec_x",
}


SHORT = b64encode(b"6bytes").decode()
# What production does not start with: a variable, its value, what else is set then.
REFUSED: list[tuple[str, str, dict[str, str]]] = [
    ("SECRET_KEY", "", {}),
    ("SECRET_KEY", "too-short", {}),
    ("PRIVACY_KEYS", "", {}),
    ("PRIVACY_KEYS", f"1:{SHORT}", {}),
    ("PRIVACY_KEYS", "no number", {}),
    ("BLIND_INDEX_KEY", "", {}),
    ("BLIND_INDEX_KEY", SHORT, {}),
    ("DATABASE_URL", "", {}),
    ("STRIPE_SECRET_KEY", "", {}),
    ("STRIPE_WEBHOOK_SECRETS", "", {}),
    ("STRIPE_WEBHOOK_SECRETS", "whsec_x,", {}),
    ("ANYMAIL_MAILGUN_WEBHOOK_SIGNING_KEY", "", {}),
    ("ANYMAIL_RESEND_SIGNING_SECRET", "", {"MAIL_PROVIDER": "resend"}),
    ("SNS_TOPICS", "", {"MAIL_PROVIDER": "ses"}),
    ("MEDIA_ORIGIN", "https://news.example.org", {}),
    ("MEDIA_ORIGIN", "https://files.example.org/path", {}),
    ("MEDIA_ORIGIN", "files.example.org", {}),
    ("ANYMAIL_WEBHOOK_SECRET", ":", {"MAIL_PROVIDER": "postmark"}),
    *(
        ("ANYMAIL_WEBHOOK_SECRET", "", {"MAIL_PROVIDER": provider})
        for provider in ("sparkpost", "postmark", "brevo", "mailjet")
    ),
]


def refusal(name: str, value: str, more: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Passes when the start stops and names the variable."""
    tried = manage("check", **PRODUCTION | more | {name: value})
    tried.returncode = int(tried.returncode == 0 or name not in tried.stderr)
    return tried


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
        "licences": python("-m", "tests.licences", "--check"),
        "deployment": manage("check", "--deploy", "--fail-level", "WARNING", **PRODUCTION),
        "migrations": manage(
            "makemigrations", "--check", "--dry-run", "--skip-checks", **PRODUCTION
        ),
    }
    with ThreadPoolExecutor(4) as pool:
        tried = pool.map(lambda one: refusal(*one), REFUSED)
    for (name, value, more), result in zip(REFUSED, tried, strict=True):
        provider = more.get("MAIL_PROVIDER", "")
        checks[f"refused: {name}={value or 'not set'} {provider}".strip()] = result
    for name, result in checks.items():
        sys.stdout.write(f"{name}: {'ok' if result.returncode == 0 else 'FAILED'}\n")
        if result.returncode:
            failed = True
            sys.stdout.write(result.stdout + result.stderr)
    sys.exit(failed)


if __name__ == "__main__":
    main()
