"""What browsers, crawlers and other programs ask a site for by fixed names."""

from datetime import timedelta
from io import BytesIO
from pathlib import Path

import manimgx_fonts
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe
from PIL import Image, ImageDraw, ImageFont

from newsroom.core.languages import NAMES, OWN, direction
from newsroom.kept_pages.noting import keep, may_be_kept
from newsroom.models import Masthead, SectionPage, readable
from newsroom.web.http import absolute_url

TEXT = "text/plain; charset=utf-8"
PAPER, ACCENT, ON_ACCENT = "#fdfcfa", "#8c1c13", "#ffffff"  # as in site.css
FONT = Path(manimgx_fonts.__file__).parent / "NotoSans[wght].ttf"
ICONS = {"icon-192.png": 192, "icon-512.png": 512, "apple-touch-icon.png": 180, "favicon.ico": 48}
VALID = timedelta(days=180)  # RFC 9116, 2.5.5: less than a year is recommended


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    """For crawlers (RFC 9309), with our sitemaps (sitemaps.org: “Submit your Sitemap”)."""
    lines = ["User-agent: *", "Disallow: /admin/", "Disallow: /search/"]
    lines += [f"Disallow: /{code}/search/" for code in NAMES]
    lines += ["", *(f"Sitemap: {absolute_url(name)}" for name in ("sitemap", "news_sitemap"))]
    return HttpResponse("\n".join([*lines, ""]), content_type=TEXT)


@may_be_kept
@require_safe
def llms(request: HttpRequest) -> HttpResponse:
    """What programs that read for people find here, in Markdown (llmstxt.org)."""
    keep()
    sections = readable(SectionPage.objects).order_by("path")
    about = {"sections": sections, "own_language": NAMES[OWN]}
    return render(request, "newsroom/publishing/llms.txt", about, TEXT)


@require_safe
def security(request: HttpRequest) -> HttpResponse:
    """Whom to tell of a hole (RFC 9116). It runs out long after any cache has asked again."""
    contact = Masthead.load().contact_email
    if not contact:
        raise Http404
    month = timezone.now().replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    lines = [
        f"Contact: mailto:{contact}",
        f"Expires: {month + VALID:%Y-%m-%dT%H:%M:%SZ}",
        f"Preferred-Languages: {', '.join(dict.fromkeys([OWN, 'en']))}",
        f"Canonical: {absolute_url('security_txt')}",
    ]
    return HttpResponse("\n".join([*lines, ""]), content_type=TEXT)


@may_be_kept
@require_safe
def manifest(request: HttpRequest) -> HttpResponse:
    """For who puts the site on their home screen (W3C, “Web Application Manifest”)."""
    keep()
    name = Masthead.load().name
    about = {
        "name": name,
        "short_name": name,
        "lang": OWN,
        "dir": direction(OWN),
        "start_url": "/",
        "display": "minimal-ui",
        "background_color": PAPER,
        "theme_color": PAPER,
        "icons": [
            {"src": f"/{file}", "sizes": f"{size}x{size}", "type": "image/png"}
            for file, size in ICONS.items()
            if file.startswith("icon")
        ],
    }
    return JsonResponse(about, content_type="application/manifest+json")


@may_be_kept
@require_safe
def icon(request: HttpRequest) -> HttpResponse:
    """The first letter of the newsroom's name. Browsers ask for “favicon.ico” by itself."""
    keep()
    name = request.path.rpartition("/")[2]
    drawn = letter(Masthead.load().name, ICONS[name])
    kind = "ICO" if name.endswith(".ico") else "PNG"
    file = BytesIO()
    drawn.save(file, kind)
    content_type = "image/x-icon" if kind == "ICO" else "image/png"
    return HttpResponse(file.getvalue(), content_type=content_type)


def letter(name: str, size: int) -> Image.Image:
    """Of a script that the font lacks: the plain square, no empty box."""
    drawn = Image.new("RGB", (size, size), ACCENT)
    first = next((sign.upper()[:1] for sign in name.removeprefix("The ") if sign.isalpha()), "")
    font = ImageFont.truetype(str(FONT), round(size * 0.68))
    font.set_variation_by_axes([700])
    if first and font.getmask(first).getbbox() != font.getmask("\uffff").getbbox():
        middle = (size / 2, size / 2)
        ImageDraw.Draw(drawn).text(middle, first, fill=ON_ACCENT, font=font, anchor="mm")
    return drawn
