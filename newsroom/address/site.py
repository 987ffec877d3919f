"""Links to pages are made of Wagtail's *Site*, all others of ``BASE_URL``: so the one follows the
other. Nobody edits it; each web process sees to it when it starts, and the desk and ``manage.py
doctor`` look whether it is so."""

import logging
from threading import Thread
from urllib.parse import urlsplit

from django.conf import settings
from django.db import DatabaseError, connection
from wagtail.models import Site

from newsroom.core.database import with_retries
from newsroom.models import Masthead

log = logging.getLogger(__name__)


def follow() -> None:
    """The default site has the host and port of ``BASE_URL``, unless another site has them."""
    site, at = Site.objects.filter(is_default_site=True).first(), urlsplit(settings.BASE_URL)
    host, port = at.hostname or "localhost", at.port or (443 if at.scheme == "https" else 80)
    if site is None or (site.hostname, site.port) == (host, port):
        return
    if Site.objects.filter(hostname=host, port=port).exists():
        log.error("Two sites: see manage.py doctor")
        return
    site.hostname, site.port = host, port
    site.save()


def follow_at_start() -> None:
    """Beside the first requests, which wait for no database that is away."""

    def work() -> None:
        try:
            with_retries(follow)
        except DatabaseError:  # no tables yet, say
            log.warning("The site has not been told its address: see manage.py doctor")
        finally:
            connection.close()

    Thread(target=work, name="site", daemon=True).start()


def disagreement() -> str:
    """What contradicts ``BASE_URL``, and what to do; "" when nothing does."""
    sites = list(Site.objects.all())
    default = [site for site in sites if site.is_default_site]
    if not default:
        return "No site is the default one: start with “manage.py first_site”."
    if len(sites) > 1:
        others = ", ".join(f"“{site.hostname}”" for site in sites if not site.is_default_site)
        return f"There are more sites than one, and links may lead there: delete {others}."
    if default[0].root_url != settings.BASE_URL:
        return (
            f"Links to pages lead to {default[0].root_url}, all others to {settings.BASE_URL}: "
            "give all processes the same BASE_URL, and restart the web process."
        )
    mirror = urlsplit(Masthead.load().mirror).hostname
    hosts = {"BASE_URL": settings.HOST, "MEDIA_ORIGIN": urlsplit(settings.MEDIA_ORIGIN).hostname}
    same = [name for name, host in hosts.items() if mirror and mirror == host]
    if same:
        return f"The mirror has the host of {same[0]}: give it another one (Settings, Masthead)."
    return ""
