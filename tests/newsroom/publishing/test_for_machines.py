"""What programs ask a site for by fixed names."""

from datetime import datetime, timedelta
from io import BytesIO
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone
from PIL import Image

from newsroom.core.languages import NAMES
from newsroom.models import Masthead
from newsroom.publishing.for_machines import ICONS, letter


def test_security_txt_names_whom_to_tell_and_runs_out_within_a_year(client: Any, site: Any) -> None:
    path = "/.well-known/security.txt"
    assert client.get(path).status_code == 404
    Masthead.objects.update(contact_email="desk@example.org")
    answer = client.get(path)
    said = dict(line.split(": ", 1) for line in answer.text.splitlines())
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    assert said["Contact"] == "mailto:desk@example.org"
    assert said["Canonical"] == f"{settings.BASE_URL}{path}"
    left = datetime.fromisoformat(said["Expires"]) - timezone.now()
    assert timedelta(days=100) < left < timedelta(days=365)


def test_llms_txt_leads_to_what_is_in_print(client: Any, site: Any) -> None:
    Masthead.objects.update(name="The Paper & Co")
    page = client.get("/llms.txt").text
    assert page.startswith("# The Paper & Co\n")
    assert f"- [Politics]({settings.BASE_URL}/politics/)" in page
    assert f"{settings.BASE_URL}/api/v2/articles/" in page
    site.section.unpublish()
    assert "Politics" not in client.get("/llms.txt").text


def test_manifest_and_icons_are_the_newsrooms_own(client: Any, site: Any) -> None:
    Masthead.objects.update(name="Żółw")
    manifest = client.get("/manifest.webmanifest")
    assert manifest["Content-Type"] == "application/manifest+json"
    assert manifest.json()["name"] == "Żółw"
    for icon in manifest.json()["icons"]:
        answer = client.get(icon["src"])
        drawn = Image.open(BytesIO(answer.content))
        assert f"{drawn.width}x{drawn.height}" == icon["sizes"]
        assert answer["Content-Type"] == icon["type"] == "image/png"
    page = client.get("/").text
    assert 'rel="manifest" href="/manifest.webmanifest"' in page
    for name, size in ICONS.items():
        answer = client.get(f"/{name}")
        assert Image.open(BytesIO(answer.content)).size == (size, size)
        assert f'href="/{name}"' in page or name in ("favicon.ico", "icon-512.png")
    assert client.get("/de/favicon.ico")["Location"] == "/favicon.ico"
    assert "Disallow: /search/" in client.get("/robots.txt").text


@pytest.mark.parametrize("name", ["", "!", "The", "Ж", "字", "क", "😀", "x" * 60, *NAMES.values()])
def test_any_name_has_an_icon(name: str) -> None:
    assert letter(name, 48).size == (48, 48)
