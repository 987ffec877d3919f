"""Pages that a test has rendered, drawn by the browser: the product need not run for them."""

import os
from pathlib import Path

from django.contrib.staticfiles import finders
from playwright.sync_api import Page, Route

# Playwright's loop runs in this thread; nothing here waits for the database inside of it.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
HOST = "http://pages.test"
STATIC = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


def drawn(page: Page, pages: dict[str, str], path: str) -> None:
    """Open ``path`` of ``pages``, by path, with our static files; all else does not answer."""

    def answer(route: Route) -> None:
        asked = route.request.url.removeprefix(HOST)
        name = asked.removeprefix("/static/").partition("?")[0]
        found = finders.find(name) if asked.startswith("/static/") else None
        if asked in pages:
            route.fulfill(body=pages[asked], content_type="text/html; charset=utf-8")
        elif found and Path(name).suffix in STATIC:
            body = Path(str(found)).read_text()
            route.fulfill(body=body, content_type=STATIC[Path(name).suffix])
        else:
            route.abort()

    page.unroute_all()
    page.route("**/*", answer)
    page.goto(HOST + path)
