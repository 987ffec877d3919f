"""A mail as the admin shows it, in a frame of its own."""

from django.conf import settings
from django.http import HttpResponse

# A mail has its styles in it; no script runs, whoever wrote it.
POLICY = "; ".join(
    [
        "default-src 'none'",
        "style-src 'self' 'unsafe-inline'",
        f"img-src 'self' data: {settings.BASE_URL}",
        "frame-ancestors 'self'",
    ]
)
DARK = "@media (prefers-color-scheme: dark)"


def framed(html: str) -> HttpResponse:
    return HttpResponse(html, headers={"Content-Security-Policy": POLICY})


def as_it_is(html: str) -> str:
    """In light colours, whatever the editor's own screen prefers."""
    return html.replace(DARK, "@media not all")


def dark(html: str) -> str:
    return html.replace(DARK, "@media all")
