"""What is missing or wrong in the environment is said at the start, all at once."""

import os
import subprocess
import sys
from base64 import b64encode
from typing import Any

import pytest
from django.conf import settings
from hypothesis import given
from hypothesis import strategies as st

from newsroom.core import languages
from newsroom.core.environment import Environment, problems, report
from newsroom.core.environment.checks import misspelt
from newsroom.core.environment.table import BASIC, LANGUAGES, PROVIDERS, TABLE
from newsroom.mail import providers
from tests import settings_page
from tests.environment import ROOT
from tests.production import PRODUCTION, key

SHORT, KEY = b64encode(b"6bytes").decode(), key()
SMTP = {"MAIL_PROVIDER": "smtp", "EMAIL_HOST": "mail.newsroom.test"}
BACK = {"RETURN_PATH": "bounces@newsroom.test"}
# What production does not start with: a variable, its value, what else is set then.
REFUSED: list[tuple[str, str, dict[str, str]]] = [
    ("PRODUCTION", "prod", {}),
    ("BASE_URL", "http://news.newsroom.test", {}),
    ("BASE_URL", "https://news.newsroom.test/path", {}),
    ("BASE_URL", "https://news.newsroom.test:8443", {}),
    ("BASE_URL", "https://news.newsroom.test:x", {}),
    ("BASE_URL", "https://you@news.newsroom.test", {}),
    ("BASE_URL", "news.newsroom.test", {}),
    ("BASE_URL", "https://localhost", {}),
    ("BASE_URL", "https://192.0.2.1", {}),
    ("BASE_URL", "https://news.example.org", {}),
    ("ALLOWED_HOSTS", "*", {}),
    ("ALLOWED_HOSTS", "another.newsroom.test", {}),
    ("MEDIA_ORIGIN", "https://news.newsroom.test", {}),
    ("MEDIA_ORIGIN", "https://files.newsroom.test/path", {}),
    ("MEDIA_ORIGIN", "https://files.newsroom.test?x", {}),
    ("MEDIA_ORIGIN", "https://", {}),
    ("MEDIA_ORIGIN", "files.newsroom.test", {}),
    ("MEDIA_ORIGIN", "http://files.newsroom.test", {}),
    ("SITE_LANGUAGE", "xx", {}),
    ("TIME_ZONE", "Europe/Atlantis", {}),
    ("TIME_ZONE", "../../etc/passwd", {}),
    ("SECRET_KEY", "s" * 49, {}),
    ("SECRET_KEY", "s" * 60, {}),
    ("SECRET_KEY_FALLBACKS", "too-short", {}),
    ("PRIVACY_KEYS", f"1:{SHORT}", {}),
    ("PRIVACY_KEYS", "no number", {}),
    ("PRIVACY_KEYS", KEY, {}),
    ("PRIVACY_KEYS", f"0:{KEY}", {}),
    ("PRIVACY_KEYS", f"256:{KEY}", {}),
    ("PRIVACY_KEYS", f"1:{KEY},1:{key()}", {}),
    ("PRIVACY_KEYS", f"1:{KEY},2:{KEY}", {}),
    ("PRIVACY_KEYS", f"1:{b64encode(bytes(32)).decode()}", {}),
    ("BLIND_INDEX_KEY", SHORT, {}),
    ("BLIND_INDEX_KEY", KEY, {"PRIVACY_KEYS": f"1:{KEY}"}),
    ("DATABASE_URL", "mysql://db.newsroom.test/news", {}),
    ("DATABASE_URL", "postgres://db.newsroom.test", {}),
    ("DATABASE_URL", "postgres://u:p[ss@db.newsroom.test:port/news", {}),
    ("DATABASE_POOL", "many", {}),
    ("REDIS_URL", "http://redis.newsroom.test", {}),
    ("REDIS_URL", "sentinel://one.newsroom.test,two.newsroom.test", {}),
    ("MAIL_PROVIDER", "mailgum", {}),
    ("DEFAULT_FROM_EMAIL", "News <news>", {}),
    ("DEFAULT_FROM_EMAIL", "news@example.org", {}),
    ("SENDER_DOMAINS", "another.newsroom.test", {}),
    ("RETURN_PATH", "", SMTP),
    ("RETURN_PATH", "bounces@example.org", SMTP),
    ("RETURN_PATH", f"{'b' * 26}@newsroom.test", SMTP),
    ("EMAIL_HOST", "", SMTP | BACK),
    ("EMAIL_USE_SSL", "true", SMTP | BACK | {"EMAIL_USE_TLS": "true"}),
    ("EMAIL_HOST_PASSWORD", "", SMTP | BACK | {"EMAIL_HOST_USER": "news"}),
    ("ANYMAIL_MAILGUN_WEBHOOK_SIGNING_KEY", "", {}),
    ("ANYMAIL_RESEND_SIGNING_SECRET", "", {"MAIL_PROVIDER": "resend"}),
    ("SNS_TOPICS", "", {"MAIL_PROVIDER": "ses"}),
    ("ANYMAIL_WEBHOOK_SECRET", ":", {"MAIL_PROVIDER": "postmark"}),
    *(("ANYMAIL_WEBHOOK_SECRET", "", {"MAIL_PROVIDER": provider}) for provider in BASIC),
    ("ANYMAIL_SEND_DEFAULTS", "{tags", {}),
    ("STRIPE_SECRET_KEY", "sk_test_sandbox", {}),
    ("STRIPE_SECRET_KEY", "pk_live_0123456789abcdef", {}),
    ("STRIPE_WEBHOOK_SECRETS", f"{PRODUCTION['STRIPE_WEBHOOK_SECRETS']},", {}),
    ("STRIPE_WEBHOOK_SECRETS", "we_0123456789abcdef", {}),
    ("TRUSTED_PROXIES", "yes", {}),
    ("HSTS", "forever", {}),
    ("MEDIA_ROOT", "media", {}),
    ("LOG_LEVEL", "loud", {}),
    ("DEBUG", "true", {}),
    *((row.name, "", {}) for row in TABLE.values() if row.needed),
]


@pytest.mark.parametrize(
    ("name", "value", "more"),
    [pytest.param(*row, id=f"{row[0]}-{number}") for number, row in enumerate(REFUSED)],
)
def test_production_does_not_start_with(name: str, value: str, more: dict[str, str]) -> None:
    found = problems(PRODUCTION | more | {name: value})
    assert name in [one.name for one in found] and all(one.what and one.how for one in found)
    row = TABLE.get(name)
    if row and row.secret and len(value) > 1:
        assert value not in report(found)


@pytest.mark.parametrize(
    "more",
    [
        {}, SMTP | BACK, {"MEDIA_ORIGIN": "https://files.newsroom.test"},
        {"BASE_URL": "https://новости.test/"}, {"ALLOWED_HOSTS": "news.newsroom.test, b.test"},
        {"STRIPE_SECRET_KEY": "rk_test_0123456789abcdef"}, {"HSTS": "preload"},
        {"PRIVACY_KEYS": f"1:{KEY}, 2:{key()}", "SECRET_KEY_FALLBACKS": PRODUCTION["SECRET_KEY"]},
        {"SENDER_DOMAINS": "newsroom.test,Новости.test"}, {"DATABASE_POOL": " 40 "},
        {"DATABASE_URL": "postgres://u:p%5Bss@/news?host=/run/postgresql", "REDIS_URL": "unix:///r"},
        {"REDIS_URL": "sentinel://:p%40ss@one.newsroom.test:26379,two.newsroom.test/news/0"},
    ],
    ids=lambda more: next(iter(more), "nothing"),
)  # fmt: skip
def test_production_starts_with(more: dict[str, str]) -> None:
    assert problems(PRODUCTION | more) == []


def test_local_checkout_starts_with_nothing_and_says_what_is_no_value() -> None:
    assert problems({}) == [] == problems({"BASE_URL": "http://127.0.0.1:8000"})
    assert [one.name for one in problems({"HSTS": "x", "SITE_LANGUAGE": "de"})] == ["HSTS"]


def test_all_that_is_wrong_is_said_at_once_with_how_to_make_it() -> None:
    found = problems({"PRODUCTION": "true", "HSTS": "x", "DEBUG": "1"})
    needed = {row.name for row in TABLE.values() if row.needed}
    assert {one.name for one in found} == needed | {"HSTS", "DEBUG"}
    text = report(found)
    assert all(one.how in text for one in found) and "manage.py keys" in text


@given(st.dictionaries(st.sampled_from(list(TABLE)), st.text(max_size=40)))
def test_no_environment_is_an_error_of_ours(variables: dict[str, str]) -> None:
    assert all(one.what for one in problems(variables | {"PRODUCTION": "true"}))
    env = Environment(variables)
    for name in TABLE:
        env(name)
    env.anymail()


def test_table_agrees_with_what_it_speaks_of() -> None:
    assert set(LANGUAGES) == set(languages.NAMES)
    proofs = {hook.secret: one.key for one in providers.table() if (hook := one.hook)}
    assert all(TABLE[secret].needed_by for secret in proofs)
    for provider in providers.table():
        if provider.hook:
            assert provider.key in TABLE[provider.hook.secret].needed_by
    used = {value for row in TABLE.values() for value in row.needed_by}
    assert used == set(PROVIDERS)


def test_every_setting_has_what_production_needs_to_say() -> None:
    for row in TABLE.values():
        assert row.what and (row.how or not (row.needed or row.needed_by))
        if row.default or row.local:
            row.shape.read(row.default or row.local)


def test_page_of_settings_is_true() -> None:
    assert settings_page.PAGE.read_text() == settings_page.page(), "make settings"


def test_variable_that_is_misspelt_is_found() -> None:
    variables = {"TRUSTED_PROXYS": "1", "PATH": "/", "PRIVACY_KEY": "x", "HOME": "/"}
    near = {"TRUSTED_PROXYS": "TRUSTED_PROXIES", "PRIVACY_KEY": "PRIVACY_KEYS"}
    assert dict(misspelt(variables)) == near


@pytest.mark.costly
@pytest.mark.parametrize(
    "command",
    [
        ["manage.py", "roles"],
        ["manage.py", "migrate"],
        ["-m", "celery", "-A", "newsroom", "worker", "-Q", "mail", "-c", "1"],
        ["-m", "celery", "-A", "newsroom", "beat", "--pidfile="],
        ["-c", "import newsroom.asgi"],
    ],
    ids=lambda command: command[-1] if "celery" not in command else command[4],
)
def test_everything_that_runs_refuses_to_start(command: list[str], tmp_path: Any) -> None:
    environment = {"PATH": os.environ["PATH"], "PRODUCTION": "true", "HSTS": "forever"}
    tried = subprocess.run(
        [sys.executable, *command],
        cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert tried.returncode == 1
    for name in ("SECRET_KEY", "BASE_URL", "TRUSTED_PROXIES", "HSTS"):
        assert name in tried.stderr
    assert "Traceback" not in tried.stderr


def test_settings_are_read_from_the_table_alone() -> None:
    source = (ROOT / "newsroom/settings.py").read_text()
    assert source.count("os.environ") == 1 and os.environ["BASE_URL"] == settings.BASE_URL
