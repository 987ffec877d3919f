"""The one table of settings. Checks at the start, ``manage.py keys``, ``manage.py doctor`` and
docs/settings.md are made of it, and ``newsroom/settings.py`` reads nothing that is not in it."""

from dataclasses import dataclass

from newsroom.core.environment import shapes
from newsroom.core.environment.shapes import Shape, each_of, matching, number, one_of

PROVIDERS = ("mailgun", "sparkpost", "postmark", "brevo", "ses", "resend", "mailjet", "smtp")
LANGUAGES = ("en", "ar", "de", "es", "fa", "fr", "pl", "ru", "uk")
KEYS = "manage.py keys"  # makes it
BASIC = ("sparkpost", "postmark", "brevo", "mailjet")  # prove themselves by user and password


@dataclass(frozen=True)
class Setting:
    name: str
    what: str  # what it is for
    shape: Shape = shapes.ANY
    how: str = ""  # how to make it, or what to do
    default: str = ""  # for want of another, everywhere
    local: str = ""  # … in a local checkout only: production starts with nothing made up
    made: str = ""  # the same, in words, of what newsroom/settings.py makes there
    needed: bool = False  # in production
    needed_by: tuple[str, ...] = ()  # or with these values of MAIL_PROVIDER

    @property
    def secret(self) -> bool:
        return self.how == KEYS or self.name.endswith(("_KEY", "_SECRET", "_TOKEN", "_PASSWORD"))


GROUPS: dict[str, list[Setting]] = {
    "The site": [
        Setting(
            "PRODUCTION",
            "the real thing: nothing is made up, and what is missing or wrong stops the start",
            shapes.TRUTH, default="false", how="PRODUCTION=true",
        ),
        Setting(
            "BASE_URL",
            "the one address of the site: links, mails, cookies and *Sites* follow it",
            shapes.ORIGIN, local="http://127.0.0.1:8000", needed=True,
            how="BASE_URL=https:// and the name of your site, without a path",
        ),
        Setting(
            "ALLOWED_HOSTS",
            "names that are answered to; for want of it those of `BASE_URL` and `MEDIA_ORIGIN`",
            each_of(shapes.HOSTNAME), made="any",
            how="leave it out, or name the host of BASE_URL and others, with commas",
        ),
        Setting(
            "MEDIA_ORIGIN",
            "another host for pictures and documents; only they are answered there",
            shapes.ORIGIN, how="leave it out, or MEDIA_ORIGIN=https:// and a second name",
        ),
        Setting(
            "SITE_LANGUAGE",
            "what the newsroom writes in; pages speak it to who asks for no language of ours",
            one_of(*LANGUAGES), local="en", needed=True, how="SITE_LANGUAGE=pl",
        ),
        Setting(
            "TIME_ZONE", "by which an issue has its hour, and a day ends",
            shapes.TIME_ZONE, local="Europe/Berlin", needed=True, how="TIME_ZONE=Europe/Warsaw",
        ),
    ],
    "Secrets": [
        Setting(
            "SECRET_KEY", "signs links that expire, and sessions",
            shapes.SECRET, how=KEYS, made="made in `var/secrets`", needed=True,
        ),
        Setting(
            "SECRET_KEY_FALLBACKS", "older ones, whose links and sessions still open",
            each_of(shapes.SECRET), how="the SECRET_KEY of before, or leave it out",
        ),
        Setting(
            "PRIVACY_KEYS",
            "seal addresses and names, the last of them; all of them open. Lost keys, lost readers",
            shapes.KEYS, how=KEYS, made="made in `var/secrets`", needed=True,
        ),
        Setting(
            "BLIND_INDEX_KEY", "finds who is sealed; for life",
            shapes.KEY, how=KEYS, made="made in `var/secrets`", needed=True,
        ),
        Setting(
            "LINKS_REVOKED",
            "days, and links in mails from before them open nothing; `manage.py recover` writes "
            "them",
            each_of(matching(r"\d{4}-\d\d-\d\d(T[\d:.+]+)?", "a day, or a moment")),
            how="leave it out",
        ),
        Setting(
            "KEYS_FILE",
            "the file with these variables, read at the start; `manage.py panic` overwrites it",
            shapes.FOLDER, how="KEYS_FILE=/etc/newsroom/keys.env",
        ),
    ],
    "PostgreSQL and Redis": [
        Setting(
            "DATABASE_URL",
            "PostgreSQL, or [PgBouncer](how-to/put-pgbouncer-in-front.md) in front of it",
            shapes.DATABASE, made="a server in `var/`", needed=True,
            how="DATABASE_URL=postgres://user:password@host:5432/name",
        ),
        Setting(
            "REPORTS_DATABASE_URL",
            "[a replica](deploy.md#a-replica) of it, asked for lists and reports to take away",
            shapes.DATABASE, how="leave it out, or postgres://user:password@host:5432/name",
        ),
        Setting(
            "DATABASE_POOL",
            "most connections of one process; a web process has 18 threads that may want one",
            number(1, 1000), default="18", how="DATABASE_POOL=18",
        ),
        Setting(
            "REDIS_URL",
            "broker and cache; or who names the master: [Sentinel](deploy.md#redis-with-sentinel)",
            shapes.BROKER, made="a server in `var/`", needed=True,
            how="REDIS_URL=redis://:password@host:6379/0",
        ),
        Setting(
            "STATE_DIR",
            "a folder of each host in which it notes how far the database was: that tells one that "
            "was restored",
            made="`var/state`", how="STATE_DIR=/var/lib/newsroom/state",
        ),
    ],
    "Mail": [
        Setting(
            "MAIL_PROVIDER", "who sends", one_of(*PROVIDERS), made="the mail sandbox", needed=True,
            how="MAIL_PROVIDER=mailgun, or the name of another one",
        ),
        Setting(
            "DEFAULT_FROM_EMAIL", "who signs single mails", shapes.MAILBOX, needed=True,
            local="news@example.org",
            how="DEFAULT_FROM_EMAIL=The News <news@your.domain>",
        ),
        Setting(
            "SENDER_DOMAINS",
            "domains that a newsletter may be sent from; without it: any",
            each_of(shapes.HOSTNAME), how="SENDER_DOMAINS=your.domain, or leave it out",
        ),
        Setting(
            "RETURN_PATH",
            "where bounces go, each reader's to an address of its own, `bounces+…@`; with any "
            "provider: where readers may leave by mail. Only if what comes there is piped into "
            "`manage.py bounce`",
            shapes.EMAIL, local="bounces@example.org", needed_by=("smtp",),
            how="RETURN_PATH=bounces@your.domain",
        ),
        Setting(
            "ANYMAIL_MAILGUN_API_KEY", "Mailgun's key for sending",
            needed_by=("mailgun",), how="Mailgun's dashboard, “API keys”",
        ),
        Setting(
            "ANYMAIL_MAILGUN_WEBHOOK_SIGNING_KEY",
            "proves that it is Mailgun that tells of a bounce; not the API key",
            matching(r"\S{8,}", "as Mailgun's dashboard has it"), needed_by=("mailgun",),
            how="Mailgun's dashboard, “Webhooks”, “HTTP webhook signing key”",
        ),
        Setting(
            "ANYMAIL_SPARKPOST_API_KEY", "SparkPost's key",
            needed_by=("sparkpost",), how="SparkPost's dashboard, “API keys”",
        ),
        Setting(
            "ANYMAIL_POSTMARK_SERVER_TOKEN", "Postmark's token of one server",
            needed_by=("postmark",), how="Postmark, your server, “API Tokens”",
        ),
        Setting(
            "ANYMAIL_BREVO_API_KEY", "Brevo's key",
            needed_by=("brevo",), how="Brevo, “SMTP & API”, “API keys”",
        ),
        Setting(
            "ANYMAIL_RESEND_API_KEY", "Resend's key",
            needed_by=("resend",), how="Resend's dashboard, “API keys”",
        ),
        Setting(
            "ANYMAIL_RESEND_SIGNING_SECRET", "proves that it is Resend that tells of a bounce",
            matching(r"whsec_\S{8,}", "“whsec_…”"),
            needed_by=("resend",), how="Resend's dashboard, the webhook's “Signing Secret”",
        ),
        Setting(
            "ANYMAIL_MAILJET_API_KEY", "Mailjet's key",
            needed_by=("mailjet",), how="Mailjet, “API key management”",
        ),
        Setting(
            "ANYMAIL_MAILJET_SECRET_KEY", "the other half of it",
            needed_by=("mailjet",), how="Mailjet, “API key management”",
        ),
        Setting(
            "ANYMAIL_WEBHOOK_SECRET",
            "proves that it is the provider that tells of a bounce: user and password of the "
            "webhook's address there",
            matching(r"[^:\s]+:\S{8,}", "“user:password”, 8 characters at least"),
            how=KEYS, needed_by=BASIC,
        ),
        Setting(
            "SNS_TOPICS", "the SNS topics of Amazon SES whose events are ours",
            each_of(matching(r"arn:aws\S+", "“arn:aws:sns:…”")),
            needed_by=("ses",), how="Amazon SNS, the topic's ARN",
        ),
        Setting(
            "EMAIL_HOST", "the mail server", shapes.HOSTNAME, local="localhost",
            needed_by=("smtp",), how="EMAIL_HOST=mail.your.domain",
        ),
        Setting(
            "EMAIL_PORT", "its port", number(1, 65_535), default="587", how="EMAIL_PORT=587",
        ),
        Setting("EMAIL_HOST_USER", "who signs in there; without it nobody does"),
        Setting(
            "EMAIL_HOST_PASSWORD", "their password", how="leave out both, or set both",
        ),
        Setting(
            "EMAIL_USE_TLS", "STARTTLS; without it yes, unless `EMAIL_USE_SSL`",
            shapes.TRUTH, how="EMAIL_USE_TLS=true",
        ),
        Setting(
            "EMAIL_USE_SSL", "TLS from the first byte (port 465)", shapes.TRUTH, default="false",
            how="EMAIL_USE_SSL=false",
        ),
        Setting(
            "MAIL_SEND_LOOPS", "calls, or SMTP connections, in flight at once, over all machines",
            number(1, 64), default="2", how="MAIL_SEND_LOOPS=2",
        ),
        Setting(
            "MAIL_LEASE_SECONDS", "how long one call to the provider may take",
            number(3, 600), default="90", how="MAIL_LEASE_SECONDS=90",
        ),
        Setting(
            "MAIL_PROBE_SECONDS", "after how long a call in doubt is asked after, three times",
            each_of(number(1, 86_400)), made="10,10,10", how="MAIL_PROBE_SECONDS=300,300,300",
        ),
        Setting(
            "DKIM_SELECTORS", "under which names your DKIM keys stand, for `manage.py doctor`",
            each_of(matching(r"[\w.-]+", "the part before “._domainkey”")),
            how="as your mail provider shows them",
        ),
        Setting(
            "MAIL_SANDBOX_URL", "where the mail sandbox listens, locally",
            shapes.ORIGIN, local="http://127.0.0.1:8025", how="MAIL_SANDBOX_URL=http://127.0.0.1:8025",
        ),
    ],
    "Stripe": [
        Setting(
            "STRIPE_SECRET_KEY", "Stripe's secret key, or a restricted one",
            matching(r"sk_test_sandbox|[sr]k_(live|test)_\w{16,}", "“sk_live_…” or “rk_live_…”"),
            local="sk_test_sandbox", made="the Stripe sandbox", needed=True,
            how="Stripe's dashboard, “Developers”, “API keys”, “Secret key”",
        ),
        Setting(
            "STRIPE_WEBHOOK_SECRETS",
            "prove that it is Stripe that tells of a payment; two while one is replaced",
            each_of(matching(r"whsec_\S{16,}", "“whsec_…”, as Stripe shows it")),
            made="the Stripe sandbox", needed=True,
            how="Stripe's dashboard, the webhook to /webhooks/stripe/, “Signing secret”",
        ),
        Setting(
            "CHECKOUT_RECOVERY",
            "Stripe asks who leaves its page whether they may be written to, once (US accounts)",
            shapes.TRUTH, default="false", how="CHECKOUT_RECOVERY=false",
        ),
        Setting(
            "STRIPE_SANDBOX_URL", "where the Stripe sandbox listens, locally",
            shapes.ORIGIN, local="http://127.0.0.1:8420", how="STRIPE_SANDBOX_URL=http://127.0.0.1:8420",
        ),
    ],
    "The way in": [
        Setting(
            "TRUSTED_PROXIES",
            "how many of your own proxies stand in front ([the contract](proxy.md)): only so many "
            "`X-Forwarded-…` are believed",
            number(0, 9), local="0", needed=True,
            how="TRUSTED_PROXIES=1 behind nginx or Caddy; 0 if this process does TLS by itself",
        ),
        Setting(
            "CACHES_IN_FRONT", "it is [told of changes](proxy.md#a-cache-in-front)",
            each_of(shapes.ORIGIN), how="CACHES_IN_FRONT=http://127.0.0.1:6081, or leave it out",
        ),
        Setting(
            "HSTS",
            "how long browsers insist on HTTPS: `month` and `year` on this host alone; "
            "`subdomains`, a year on all hosts below it, too; `preload`, written into browsers "
            "(hstspreload.org)",
            one_of("month", "year", "subdomains", "preload"), default="month", how="HSTS=month",
        ),
    ],
    "Backups": [
        Setting(
            "BACKUP_DIR",
            "where `manage.py backup` puts backups ([how](how-to/back-up-and-restore.md)); not "
            "below `MEDIA_ROOT`",
            shapes.PLACE, how="BACKUP_DIR=/srv/backups, or s3://bucket/folder",
        ),
        Setting("BACKUP_KEY", "seals them; needed where they are made", shapes.KEY, how=KEYS),
        Setting(
            "BACKUP_S3_ENDPOINT", "the S3-compatible store, if it is not Amazon's",
            shapes.ORIGIN, how="BACKUP_S3_ENDPOINT=https:// and its host",
        ),
        Setting(
            "BACKUP_S3_REGION", "its region", default="us-east-1", how="as the store shows it",
        ),
        Setting(
            "BACKUP_S3_ACCESS_KEY", "who we are there; let it reach this bucket only",
            how="the store's page of keys",
        ),
        Setting("BACKUP_S3_SECRET_KEY", "the other half of it", how="shown with it, once"),
        Setting(
            "BACKUP_DATABASE_URL", "PostgreSQL itself, where `DATABASE_URL` is PgBouncer",
            shapes.DATABASE, how="BACKUP_DATABASE_URL=postgres://user:password@host:5432/name",
        ),
    ],
    "Files, logs and numbers": [
        Setting(
            "MEDIA_ROOT",
            "where pictures and documents are kept, for all web processes and workers",
            shapes.FOLDER, made="`var/media`", needed=True, how="MEDIA_ROOT=/srv/newsroom/media",
        ),
        Setting(
            "STATIC_ROOT", "where `manage.py collectstatic` puts style sheets and scripts",
            shapes.FOLDER, made="`var/static`", how="STATIC_ROOT=/srv/newsroom/static",
        ),
        Setting(
            "LOG_LEVEL", "how much is logged", one_of("DEBUG", "INFO", "WARNING", "ERROR"),
            default="INFO", how="LOG_LEVEL=INFO",
        ),
        Setting(
            "METRICS_TOKEN",
            "opens `/metrics` for Prometheus ([when it rings](how-to/when-it-rings.md)); without "
            "it there is none",
            matching(r"[\w.~+/=-]{24,}", "24 letters or digits, or more"), how=KEYS,
        ),
        Setting(
            "SENTRY_DSN",
            "who is told of errors by Sentry's protocol (`uv sync --extra sentry`): places in the "
            "code, nothing of people",
            matching(r"https?://\w+@[^/\s]+(/[\w-]+)*/\d+", "https://…@…/1"),
            how="as the service that takes the errors shows it",
        ),
        Setting("DEBUG", "Django's pages for errors", shapes.TRUTH, default="false",
                how="leave it out"),
        Setting("NEWSROOM_VAR", "another folder than `var/` for a second local world"),
    ],
}  # fmt: skip

TABLE = {row.name: row for rows in GROUPS.values() for row in rows}
