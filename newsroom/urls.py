"""Every address of the site; the ones without a token stay for ever (docs/architecture.md)."""

from django.urls import include, path, re_path
from django.views.decorators.cache import never_cache
from wagtail.admin import urls as wagtailadmin_urls
from wagtail.contrib.sitemaps.views import sitemap
from wagtail.urls import serve_pattern

from newsroom.api import views as api
from newsroom.editing import preview_links
from newsroom.front_page import views as front_page
from newsroom.kept_pages.noting import ANY_ARTICLE, may_be_kept
from newsroom.live import views as live
from newsroom.live.feeds import LiveFeed
from newsroom.metrics import exposition
from newsroom.panic import travel
from newsroom.publishing import feeds, files, for_machines, listings, reads, views
from newsroom.search import views as search

sitemaps = {"sitemaps": listings.SITEMAPS}

urlpatterns = [
    path("admin/", include("newsroom.staff.urls")),  # before Wagtail's own
    path("admin/travelling/", never_cache(travel.travelling), name="travelling"),
    path("admin/", include(wagtailadmin_urls)),
    re_path(r"^documents/([0-9]{1,18})/([^/]+)$", files.document, name="wagtaildocs_serve"),
    path("metrics", exposition.metrics),
    path("feed/", may_be_kept(feeds.ArticleFeed()), name="feed"),
    path("sitemap.xml", may_be_kept(sitemap, ANY_ARTICLE), sitemaps, name="sitemap"),
    path("news-sitemap.xml", may_be_kept(views.news_sitemap, ANY_ARTICLE), name="news_sitemap"),
    path("robots.txt", for_machines.robots),
    path("llms.txt", for_machines.llms),
    path(".well-known/security.txt", for_machines.security, name="security_txt"),
    path("manifest.webmanifest", for_machines.manifest),
    *(path(name, for_machines.icon) for name in for_machines.ICONS),
    path("read/<int:pk>/", reads.read, name="read"),
    path("api/v2/", api.router.urls),
    path("search/", search.search, name="search"),
    path("archive/", front_page.archive, name="archive"),
    re_path(
        r"^archive/(?P<year>[1-9][0-9]{3})/(?P<month>0[1-9]|1[0-2])/$",
        front_page.month,
        name="archive_month",
    ),
    path("most-read/", front_page.most_read, name="most_read"),
    path("corrections/", front_page.corrections, name="corrections"),
    path("what-we-keep/", views.kept, name="kept"),
    path("topic/<page:slug>/", views.topic, name="topic"),
    path("topic/<page:slug>/feed/", may_be_kept(feeds.TopicFeed()), name="topic_feed"),
    path("author/<page:slug>/", views.author, name="author"),
    path("author/<page:slug>/feed/", may_be_kept(feeds.AuthorFeed()), name="author_feed"),
    path("series/<page:slug>/", views.series, name="series"),
    path("series/<page:slug>/feed/", may_be_kept(feeds.SeriesFeed()), name="series_feed"),
    path("live/<id:pk>/after/<id:number>/", live.after, name="live_after"),
    path("live/<id:pk>/feed/", may_be_kept(LiveFeed()), name="live_feed"),
    path("preview/<token:token>/", preview_links.preview, name="preview"),
    path("newsletter/", include("subscriptions.urls")),
    path("support/", include("donations.urls")),
    path("webhooks/", include("newsroom.mail.webhooks")),
    path("webhooks/", include("donations.payments.webhook_urls")),
    path("media/<path:path>", files.media),
    # Below a page, whose address may be any but those above.
    path(
        "",
        include([path("<page:slug>/feed/", may_be_kept(feeds.SectionFeed()), name="section_feed")]),
    ),
    # Not all of Wagtail's: the door to private pages would be one past the second factor.
    re_path(serve_pattern, views.page, name="wagtail_serve"),
]
