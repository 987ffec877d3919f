"""A server without room says so."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import OperationalError
from django.urls import reverse
from PIL import Image
from psycopg.errors import AdminShutdown, DiskFull

from newsroom.models import CreditedImage
from newsroom.web.middleware import no_room
from tests.factories import make_user
from tests.newsroom.uploads.kinds import saved

SIZE = "64k"


def database(cause: Exception) -> OperationalError:
    error = OperationalError("said so")
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "full"),
    [
        (OSError(28, "No space left on device"), True),
        (OSError(122, "Disk quota exceeded"), True),
        (PermissionError(13, "Permission denied"), False),
        (database(DiskFull()), True),
        (database(AdminShutdown()), False),
    ],
)
def test_only_a_full_disk_is_one(error: Exception, full: bool) -> None:
    assert no_room(error) is full


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "none", tmp_path], capture_output=True
    )
    if mounted.returncode:
        pytest.skip("only root may mount a small disk")
    yield tmp_path
    subprocess.run(["umount", tmp_path], check=True)


@pytest.mark.django_db
def test_upload_without_room_says_so(small_disk: Path, client: Any, settings: Any) -> None:
    settings.MEDIA_ROOT = str(small_disk)
    client.force_login(make_user(None))
    noise = saved(Image.effect_noise((600, 600), 200), "JPEG", quality=95)
    file = SimpleUploadedFile("noise.jpg", noise, "image/jpeg")
    answer = client.post(reverse("wagtailimages:add"), {"title": "Noise", "file": file})
    assert answer.status_code == 507
    assert "nothing of this was saved" in answer.content.decode()
    assert not CreditedImage.objects.exists()
