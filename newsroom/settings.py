"""Every setting of the project. Each knob is an environment variable, a row of the table in
``newsroom/core/environment/table.py``; docs/settings.md has them all.

Without any variable this is a local checkout: PostgreSQL and Redis in ``var/``, secrets made
there on first use, and the two sandboxes in place of Stripe and the mail provider. With
``PRODUCTION=true`` nothing is made up: what is missing or wrong stops the start
(``newsroom/core/environment/start.py``).
"""

import os
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from newsroom.closed import keys_file
from newsroom.core import logs
from newsroom.core.environment import Environment, redis_url
from newsroom.devserver import engines

keys_file.load()
env = Environment(os.environ)
BASE_DIR = Path(__file__).resolve().parent.parent
PRODUCTION = env.production
DEBUG = env("DEBUG")


# --- Who we are, and where -----------------------------------------------------------------

BASE_URL = env("BASE_URL")
HOST = urlsplit(BASE_URL).hostname or ""
ALLOWED_HOSTS = env("ALLOWED_HOSTS") or ([HOST] if PRODUCTION else ["*"])
# An origin of its own for uploads, newsroom/web/media_host.py; empty: they are below BASE_URL.
MEDIA_ORIGIN = env("MEDIA_ORIGIN")
if MEDIA_ORIGIN:
    ALLOWED_HOSTS += [urlsplit(MEDIA_ORIGIN).hostname or ""]
CSRF_TRUSTED_ORIGINS = [BASE_URL]
LANGUAGE_CODE = "en-gb"  # of the admin
# Of pages, mails and receipts: newsroom/core/languages.py, docs/how-to/add-a-language.md.
LANGUAGES = [
    (LANGUAGE_CODE, "English"), ("ar", "العربية"), ("de", "Deutsch"), ("es", "Español"),
    ("fa", "فارسی"), ("fr", "Français"), ("pl", "Polski"), ("ru", "Русский"), ("uk", "Українська"),
]  # fmt: skip
# What the newsroom writes in; also of pages whose reader asks for none of the above.
SITE_LANGUAGE = env("SITE_LANGUAGE") or "en"
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = "newsroom.core.formats"
USE_TZ = True
TIME_ZONE = env("TIME_ZONE")
USE_I18N = True

# --- Secrets -------------------------------------------------------------------------------

SECRET_KEY = env("SECRET_KEY", lambda: engines.secret("django") * 2)
SECRET_KEY_FALLBACKS = env("SECRET_KEY_FALLBACKS")
# Oldest first, “number:base64 of 32 bytes”: see newsroom/core/privacy.py.
PRIVACY_KEYS = env("PRIVACY_KEYS", lambda: f"1:{engines.secret('privacy')}")
BLIND_INDEX_KEY = env("BLIND_INDEX_KEY", lambda: engines.secret("blind-index"))
LINKS_REVOKED = env("LINKS_REVOKED")  # newsroom/core/tokens.py

# --- The application -----------------------------------------------------------------------

INSTALLED_APPS = [
    "donations",
    "subscriptions",
    "newsroom",
    "newsroom.accounts",
    "newsroom.closed",
    "wagtail.contrib.redirects",
    "wagtail.contrib.settings",
    "wagtail.contrib.table_block",
    "wagtail.embeds",
    "newsroom.staff.apps.UsersConfig",  # wagtail.users
    "wagtail.snippets",
    "wagtail.documents",
    "wagtail.images",
    "wagtail.search",
    "newsroom.editing.apps.AdminConfig",  # wagtail.admin
    "wagtail",
    "anymail",
    "django_filters",
    "modelcluster",
    "taggit",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sitemaps",
    "django.contrib.staticfiles",
]

# A provider's events pass through this and no more: newsroom/mail/webhooks/taking_in.py.
AROUND_ALL = [
    "newsroom.web.headers.set_headers",
    "newsroom.web.middleware.tell_programs",
    "newsroom.web.health.answer_probes",
    "newsroom.web.client.believe_our_proxies",
    "newsroom.web.media_host.keep_apart",
    "newsroom.closed.state.stay_away",
    "django.middleware.security.SecurityMiddleware",
]
MIDDLEWARE = [
    "newsroom.metrics.requests.count",
    *AROUND_ALL,
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "newsroom.web.middleware.speak",
    "newsroom.web.middleware.limit_body",
    "newsroom.web.middleware.refuse_nul",
    "newsroom.web.middleware.clean_texts",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "newsroom.staff.gate.second_factor_first",
    "newsroom.staff.audited.write_down",
    "newsroom.editing.races.take_turns",
    "newsroom.editing.races.look_once_more",
    "newsroom.editing.approval.say_what_stops",
    "django.contrib.messages.middleware.MessageMiddleware",
    "newsroom.publishing.redirects.InEveryLanguage",
]

ROOT_URLCONF = "newsroom.urls"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "builtins": ["django.templatetags.i18n", "newsroom.templatetags.languages"],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "newsroom.publishing.context.site",
            ],
        },
    },
]

# --- PostgreSQL and Redis ------------------------------------------------------------------

DATABASES = {"default": env("DATABASE_URL", engines.database_url)}
if env.given("REPORTS_DATABASE_URL"):
    DATABASES["reports"] = env("REPORTS_DATABASE_URL")
for alias, database in DATABASES.items():
    if "NAME" in database:
        if alias == "default":
            pool = {"min_size": 1, "max_size": env("DATABASE_POOL")}
            database.setdefault("OPTIONS", {})["pool"] = pool
        # Behind PgBouncer no cursor outlives its transaction: newsroom/core/database.py reads long
        # tables without.
        database |= {"ENGINE": "newsroom.core.postgresql", "DISABLE_SERVER_SIDE_CURSORS": True}
REDIS_URL = env("REDIS_URL", engines.redis_url)
STATE_DIR = env("STATE_DIR", lambda: str(engines.VAR / "state"))  # newsroom/hold/outside.py
CACHES = {
    "default": redis_url.for_cache(REDIS_URL),
    # Wagtail would ask Redis for each picture on a page; ours come with the articles' query.
    "renditions": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"},
}

# --- Jobs ----------------------------------------------------------------------------------

CELERY_BROKER_URL, CELERY_BROKER_TRANSPORT_OPTIONS = redis_url.for_celery(REDIS_URL)
CELERY_TASK_IGNORE_RESULT = True  # the database is the truth; there is no result back end
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_MAX_MEMORY_PER_CHILD = 400_000  # KiB; then another one takes its place
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_ROUTES = {
    "subscriptions.tasks.send_loop": {"queue": "mail"},
    "subscriptions.tasks.follow_events": {"queue": "events"},
    "newsroom.tasks.answer_asked": {"queue": "transactional"},
    "newsroom.tasks.send_mail": {"queue": "transactional"},
    "donations.tasks.process_event": {"queue": "stripe"},
    "donations.tasks.close_abandoned": {"queue": "stripe"},
}
CELERY_TIMEZONE = TIME_ZONE
# Keeps no file, which a kill could leave half written: jobs only look at what is due.
CELERY_BEAT_SCHEDULER = "celery.beat.Scheduler"
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_PUBLISH_RETRY = False  # newsroom/core/jobs.py says why nothing is lost

# --- Mail ----------------------------------------------------------------------------------
# A name from newsroom/mail/providers, and its ANYMAIL_… variables (those of Anymail's documents;
# lists and objects as JSON). Unset: the sandbox, which speaks Mailgun's API.

MAIL_SANDBOX = "" if env.given("MAIL_PROVIDER") or PRODUCTION else env("MAIL_SANDBOX_URL")
MAIL_PROVIDER = env("MAIL_PROVIDER") or "mailgun"
EMAIL_BACKEND = f"newsroom.mail.providers.{MAIL_PROVIDER}.EmailBackend"
ANYMAIL = env.anymail()
# For MAIL_PROVIDER=smtp.
EMAIL_HOST = env("EMAIL_HOST")
EMAIL_PORT = env("EMAIL_PORT")
EMAIL_HOST_USER = env("EMAIL_HOST_USER")
EMAIL_HOST_PASSWORD = env("EMAIL_HOST_PASSWORD")
EMAIL_USE_SSL = env("EMAIL_USE_SSL")
EMAIL_USE_TLS = env("EMAIL_USE_TLS") if env.given("EMAIL_USE_TLS") else not EMAIL_USE_SSL
EMAIL_TIMEOUT = 30
# Where bounces go: each reader's copy has its own address there, “bounces+token@…” (VERP).
RETURN_PATH = env("RETURN_PATH")
LEAVE_BY_MAIL = env.given("RETURN_PATH")  # is somebody there to read it?
if MAIL_SANDBOX:
    ANYMAIL |= {
        "MAILGUN_API_URL": f"{MAIL_SANDBOX}/v3",
        "MAILGUN_API_KEY": "key-sandbox",
        "MAILGUN_SENDER_DOMAIN": "mail.example.org",
        "MAILGUN_WEBHOOK_SIGNING_KEY": engines.secret("mailgun-signing"),
    }
# For MAIL_PROVIDER=ses: the SNS topics whose events are ours.
SNS_TOPICS = env("SNS_TOPICS")
# Domains that a newsletter may be sent from, comma-separated; empty: any.
SENDER_DOMAINS = env("SENDER_DOMAINS")
DKIM_SELECTORS = env("DKIM_SELECTORS")
DEFAULT_FROM_EMAIL = env("DEFAULT_FROM_EMAIL")
SERVER_EMAIL = DEFAULT_FROM_EMAIL
# Blocks that other apps add to an issue, see subscriptions/models/blocks.py.
ISSUE_BLOCKS = {"appeal": "donations.asking.blocks.APPEAL"}
# Modules whose functions are single mails, see newsroom/mail/catalogue.py.
MAILS = [
    "newsroom.staff.emails",
    "newsroom.editing.emails",
    "newsroom.panic.emails",
    "subscriptions.readers.emails",
    "subscriptions.readers.own_emails",
    "subscriptions.desk.emails",
    "donations.asking.emails",
    "donations.giving.emails",
    "donations.finance.statements.emails",
]
# How long one provider call may hold a batch: its own time limit and some room.
MAIL_LEASE = timedelta(seconds=env("MAIL_LEASE_SECONDS"))
ANYMAIL["REQUESTS_TIMEOUT"] = MAIL_LEASE.total_seconds() * 2 / 3
# Calls in flight at once, over all machines.
MAIL_SEND_LOOPS = env("MAIL_SEND_LOOPS")
# A batch in doubt is asked after at these distances; "not there" three times means "not sent".
MAIL_PROBES = [
    timedelta(seconds=seconds)
    for seconds in env("MAIL_PROBE_SECONDS") or ([10, 10, 10] if MAIL_SANDBOX else [300, 300, 300])
]

# --- Stripe; unset: the sandbox ------------------------------------------------------------

STRIPE_SECRET_KEY = env("STRIPE_SECRET_KEY")
STRIPE_SANDBOX = ""
if STRIPE_SECRET_KEY == "sk_test_sandbox" and not PRODUCTION:
    STRIPE_SANDBOX = env("STRIPE_SANDBOX_URL")
# Two while one is being replaced, comma-separated.
STRIPE_WEBHOOK_SECRETS = env(
    "STRIPE_WEBHOOK_SECRETS", lambda: f"whsec_{engines.secret('stripe-webhook')}"
)
# Refunds of more than this, in whole units of whatever currency, take two people.
# Ask on Stripe's page whether who leaves it may be written to, once. US accounts only.
CHECKOUT_RECOVERY = env("CHECKOUT_RECOVERY")
STRIPE_DASHBOARD = STRIPE_SANDBOX or "https://dashboard.stripe.com"

# --- Pages ---------------------------------------------------------------------------------

WAGTAIL_SITE_NAME = "Newsroom"  # of the admin, until the site has a name of its own
WAGTAILADMIN_BASE_URL = BASE_URL
WAGTAILSEARCH_BACKENDS = {"default": {"BACKEND": "newsroom.search.admin_index"}}
WAGTAILADMIN_RICH_TEXT_EDITORS = {
    "default": {"WIDGET": "newsroom.publishing.rich_text.CleanRichText"}
}
WAGTAILIMAGES_IMAGE_MODEL = "newsroom.CreditedImage"
WAGTAILIMAGES_IMAGE_FORM_BASE = "newsroom.publishing.upload_forms.PictureForm"
WAGTAILDOCS_DOCUMENT_MODEL = "newsroom.Attachment"
WAGTAILDOCS_DOCUMENT_FORM_BASE = "newsroom.publishing.upload_forms.DocumentForm"
WAGTAIL_FINISH_WORKFLOW_ACTION = "newsroom.editing.finish.publish"
WAGTAIL_ENABLE_UPDATE_CHECK = False  # the admin would ask wagtail.org
WAGTAIL_GRAVATAR_PROVIDER_URL = None  # and gravatar.com
WAGTAIL_USER_TIME_ZONES = [TIME_ZONE]  # nobody’s own, which would tell where they are
WAGTAILEMBEDS_FINDERS: list[str] = []  # nor anybody about a video: ours are cards with a link
WAGTAIL_APPEND_SLASH = True
TAGGIT_CASE_INSENSITIVE = True

STATIC_URL = "/static/"
STATIC_ROOT = env("STATIC_ROOT") or str(engines.VAR / "static")
MEDIA_URL = f"{MEDIA_ORIGIN}/media/"
MEDIA_ROOT = env("MEDIA_ROOT") or str(engines.VAR / "media")
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
WHITENOISE_ALLOW_ALL_ORIGINS = False
WHITENOISE_USE_FINDERS = not PRODUCTION  # a local checkout needs no collectstatic

# --- Security ------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
SESSION_ENGINE = "newsroom.accounts.sessions"
SESSION_COOKIE_AGE = 12 * 3600  # from signing in, whatever is done meanwhile
WAGTAILUSERS_PASSWORD_ENABLED = False  # a new colleague gets a mail and chooses their own
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}Validator"}
    for name in ("UserAttributeSimilarity", "MinimumLength", "CommonPassword")
]
HTTPS = BASE_URL.startswith("https://")
SESSION_COOKIE_SAMESITE = "Lax"  # a link in a mail to staff opens the admin
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_PATH = CSRF_COOKIE_PATH = "/admin/"  # readers have no session
SECURE_SSL_REDIRECT = HTTPS
# A month is longer than regular readers stay away, and what was a mistake is over in a month. More
# is for the owner to ask for: “subdomains” shuts plain HTTP out of every host below this one, and
# “preload” is written into browsers, for years.
HSTS = env("HSTS") or "month"
SECURE_HSTS_SECONDS = (30 if HSTS == "month" else 365) * 24 * 3600 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HSTS in ("subdomains", "preload")
SECURE_HSTS_PRELOAD = HSTS == "preload"
SECURE_REFERRER_POLICY = "same-origin"
# HSTS as above; X-Frame-Options by newsroom/web/headers.py, on every answer.
SILENCED_SYSTEM_CHECKS = ["security.W002", "security.W005", "security.W021"]
DATA_UPLOAD_MAX_MEMORY_SIZE = 5_000_000
DATA_UPLOAD_MAX_NUMBER_FIELDS = 10_000  # a long article is many fields
# How many proxies of our own stand in front: newsroom/web/client.py.
TRUSTED_PROXIES = env("TRUSTED_PROXIES")
CACHES_IN_FRONT = env("CACHES_IN_FRONT")  # newsroom/kept_pages/in_front.py

# --- Logs and numbers ----------------------------------------------------------------------

SENTRY_DSN = env("SENTRY_DSN")  # who is told of errors, without anybody's data
METRICS_TOKEN = env("METRICS_TOKEN")  # opens /metrics; without one there is none

LOGGING = logs.config(json=PRODUCTION, level=env("LOG_LEVEL"))
