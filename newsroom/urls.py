"""Every address of the site; the ones without a token stay for ever (docs/architecture.md)."""

from django.urls import include, path
from wagtail import urls as wagtail_urls
from wagtail.admin import urls as wagtailadmin_urls
from wagtail.contrib.sitemaps.views import sitemap
from wagtail.documents import urls as wagtaildocs_urls

from newsroom.core import health
from newsroom.publishing import feeds, reads, views

urlpatterns = [
    path("admin/", include(wagtailadmin_urls)),
    path("documents/", include(wagtaildocs_urls)),
    path("healthz", health.healthz),
    path("healthz/", health.healthz),
    path("readyz", health.readyz),
    path("readyz/", health.readyz),
    path("feed/", feeds.ArticleFeed(), name="feed"),
    path("sitemap.xml", sitemap),
    path("news-sitemap.xml", views.news_sitemap),
    path("read/<int:pk>/", reads.read, name="read"),
    path("search/", views.search, name="search"),
    path("newsletter/", include("subscriptions.urls")),
    path("support/", include("donations.urls")),
    path("webhooks/", include("newsroom.mail.webhooks")),
    path("webhooks/", include("donations.payments.webhook_urls")),
    path("media/<path:path>", views.media),
    path("", include(wagtail_urls)),
]
