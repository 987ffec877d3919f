"""An environment that production starts with; nobody is there."""

import secrets
from base64 import b64encode


def key() -> str:
    return b64encode(secrets.token_bytes(32)).decode()


PRODUCTION = {
    "PRODUCTION": "true",
    "BASE_URL": "https://news.newsroom.test",
    "SITE_LANGUAGE": "en",
    "TIME_ZONE": "Europe/Warsaw",
    "SECRET_KEY": secrets.token_urlsafe(60),
    "PRIVACY_KEYS": f"1:{key()}",
    "BLIND_INDEX_KEY": key(),
    "DATABASE_URL": "postgres://news@db.newsroom.test/news",
    "REDIS_URL": "redis://redis.newsroom.test/0",
    "MAIL_PROVIDER": "mailgun",
    "ANYMAIL_MAILGUN_API_KEY": "key",
    "ANYMAIL_MAILGUN_WEBHOOK_SIGNING_KEY": secrets.token_hex(16),
    "DEFAULT_FROM_EMAIL": "News <news@newsroom.test>",
    "STRIPE_SECRET_KEY": f"sk_live_{secrets.token_hex(12)}",
    "STRIPE_WEBHOOK_SECRETS": f"whsec_{secrets.token_hex(12)}",
    "TRUSTED_PROXIES": "1",
    "MEDIA_ROOT": "/srv/newsroom/media",
}
