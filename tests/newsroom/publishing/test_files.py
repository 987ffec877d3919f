"""How pictures and documents reach readers."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils.http import http_date
from wagtail.models import Collection, CollectionViewRestriction

from newsroom.models import Attachment
from newsroom.publishing import files
from tests.factories import make_image, make_user
from tests.newsroom.uploads import papers

FILE_NAME = "Anna Kowalska, draft.pdf"
TEXT = b"0123456789" * 20


@pytest.fixture
def editor(client: Client, db: None) -> Client:
    client.force_login(make_user(None))
    return client


def make_document(data: bytes = TEXT, name: str = "x.txt", **fields: Any) -> Attachment:
    return Attachment.objects.create(title="x", file=ContentFile(data, name=name), **fields)


def form(**more: Any) -> dict[str, Any]:
    return {"title": "A paper", "collection": Collection.get_first_root_node().pk, **more}


def by_form(client: Client, upload: Any) -> Any:
    return client.post(reverse("wagtaildocs:add"), form(file=upload))


def by_many(client: Client, upload: Any) -> Any:
    return client.post(reverse("wagtaildocs:add_multiple"), form() | {"files[]": upload})


def by_chooser(client: Client, upload: Any) -> Any:
    fields = {f"document-chooser-upload-{k}": v for k, v in form(file=upload).items()}
    return client.post(reverse("wagtaildocs_chooser:create"), fields)


def by_replacing(client: Client, upload: Any) -> Any:
    document = make_document()
    return client.post(reverse("wagtaildocs:edit", args=[document.pk]), form(file=upload))


WAYS = [by_form, by_many, by_chooser, by_replacing]


@pytest.mark.parametrize("way", WAYS)
def test_every_way_in_cleans(editor, way: Callable) -> None:
    way(editor, SimpleUploadedFile(FILE_NAME, papers.pdf(), "application/pdf"))
    document = Attachment.objects.get()
    kept = Path(document.file.path).read_bytes()
    assert papers.NAME.encode() not in kept and "Anna" not in document.file.name
    assert document.cleaning and document.file_size == len(kept)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", ["x.html", "x.pdf", "x.txt", "x.svg", "x.pdf.html"])
def test_page_in_disguise_is_refused(editor, way: Callable, name: str) -> None:
    answer = way(editor, SimpleUploadedFile(name, papers.HTML, "application/pdf"))
    assert answer.status_code == 200
    assert any(word in answer.text for word in ("We take", "is none", "something else"))
    assert not Attachment.objects.exclude(title="x").exists()


@pytest.mark.parametrize("method", [None, "serve_view", "redirect", "direct"])
@pytest.mark.parametrize("name", ["x.pdf", "x.txt", "x.csv"])
def test_document_is_a_download_whatever_wagtail_is_told(
    client, db, settings, method: str | None, name: str
) -> None:
    settings.WAGTAILDOCS_SERVE_METHOD = method
    settings.WAGTAILDOCS_INLINE_CONTENT_TYPES = ["application/pdf", "text/plain", "text/csv"]
    settings.WAGTAILDOCS_BLOCK_EMBEDDED_CONTENT = False
    settings.WAGTAILDOCS_CONTENT_TYPES = {"pdf": "text/html", "txt": "text/html"}
    document = make_document(papers.pdf() if name == "x.pdf" else TEXT, name)
    answer = client.get(document.url)
    assert answer.status_code == 200
    assert answer["Content-Disposition"].startswith("attachment; ")
    assert "html" not in answer["Content-Type"]


def test_what_is_served_runs_nothing(client, db) -> None:
    picture = make_image("x")
    for url in (picture.file.url, picture.renditions.first().url, make_document().url):
        for headers in ({}, {"Range": "bytes=0-3"}, {"Range": "bytes=999999-"}):
            answer = client.get(url, headers=headers)
            assert answer["Content-Security-Policy"] == "sandbox; default-src 'none'"
            assert answer["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    "path", [
        "documents/x.txt", "documents/x.jpg", "wagtail_uploads/x.jpg", "x.jpg", "images/x.html",
        "images/x.svg", "images/../documents/x.txt", "images/%2e%2e/documents/x.jpg", "images/",
        "images/.jpg", "images", "images/a/x.jpg", "/etc/passwd", "images/x.jpg%00.html",
        "other/x.jpg",
    ],
)  # fmt: skip
def test_only_pictures_lie_below_media(client, db, path: str) -> None:
    for there in ("documents/x.txt", "documents/x.jpg", "wagtail_uploads/x.jpg", "x.jpg",
                  "images/x.html", "images/x.svg", "images/a/x.jpg", "other/x.jpg"):  # fmt: skip
        file = Path(django_settings.MEDIA_ROOT, there)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"x")
    assert client.get(f"/media/{path}").status_code == 404


def test_document_of_a_closed_collection_is_not_given_away(client, db) -> None:
    chest = Collection.get_first_root_node().add_child(name="Chest")
    CollectionViewRestriction.objects.create(collection=chest, restriction_type="login")
    assert client.get(make_document(collection=chest).url).status_code == 404


def test_wrong_address_of_a_document_is_none(client, db) -> None:
    document = make_document()
    many = "9" * 30
    for path in (f"{document.url}x", f"/documents/9{document.pk}/x.txt", f"/documents/{many}/x/"):
        assert client.get(path).status_code == 404


def test_document_whose_file_is_gone_is_not_there(client, db) -> None:
    document = make_document()
    os.unlink(document.file.path)
    assert client.get(document.url).status_code == 404


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [("bytes=0-9", 0, 9), ("bytes=190-", 190, 199), ("bytes=195-999", 195, 199),
     ("bytes=-5", 195, 199),
     ("bytes=-999", 0, 199), ("BYTES=3-3", 3, 3), ("bytes=0-", 0, 199), ("bytes= 5-6 ", 5, 6)],
)  # fmt: skip
def test_part_of_a_file(client, db, asked: str, first: int, last: int) -> None:
    answer = client.get(make_document().url, headers={"Range": asked})
    assert answer.status_code == 206
    assert answer["Content-Range"] == f"bytes {first}-{last}/200"
    assert b"".join(answer.streaming_content) == TEXT[first : last + 1]
    assert answer["Content-Length"] == str(last - first + 1)


@pytest.mark.parametrize("asked", ["bytes=200-", "bytes=999-1000", "bytes=-0"])
def test_part_that_is_not_there(client, db, asked: str) -> None:
    answer = client.get(make_document().url, headers={"Range": asked})
    assert (answer.status_code, answer["Content-Range"]) == (416, "bytes */200")


@pytest.mark.parametrize(
    "asked",
    ["", "bytes", "bytes=", "bytes=-", "bytes=9-3", "bytes=a-b", "lines=0-3", "bytes=0-1,4-5",
     "bytes=0-3;", "bytes=" + "9" * 5000 + "-", "bytes=²-3"],
)  # fmt: skip
def test_range_that_makes_no_sense_gets_the_whole(client, db, asked: str) -> None:
    answer = client.get(make_document().url, headers={"Range": asked.encode().decode("latin-1")})
    assert (answer.status_code, b"".join(answer.streaming_content)) == (200, TEXT)


def test_what_the_client_has_already_is_not_sent_again(client, db) -> None:
    url = make_document().url
    whole = client.get(url)
    etag, modified = whole["ETag"], whole["Last-Modified"]
    for known, status in [
        ({"If-None-Match": etag}, 304),
        ({"If-None-Match": "*"}, 304),
        ({"If-None-Match": '"other"', "If-Modified-Since": modified}, 200),
        ({"If-Modified-Since": modified}, 304),
        ({"If-Modified-Since": http_date(0)}, 200),
        ({"If-Match": '"other"'}, 412),
        ({"If-None-Match": etag, "Range": "bytes=0-3"}, 304),
        ({"If-Range": etag, "Range": "bytes=0-3"}, 206),
        ({"If-Range": modified, "Range": "bytes=0-3"}, 206),
        ({"If-Range": '"other"', "Range": "bytes=0-3"}, 200),
        ({"If-Range": f"W/{etag}", "Range": "bytes=0-3"}, 200),
        ({"If-Range": http_date(0), "Range": "bytes=0-3"}, 200),
        ({"If-Range": "nonsense", "Range": "bytes=999-"}, 200),
    ]:
        assert client.get(url, headers=known).status_code == status, known


def test_head_tells_the_length_and_sends_nothing(client, db) -> None:
    answer = client.head(make_document().url, headers={"Range": "bytes=0-3"})
    assert (answer.status_code, answer["Content-Length"], answer.content) == (200, "200", b"")
    assert client.post(make_document().url).status_code == 405


def test_files_are_closed_though_nobody_reads_them(rf, tmp_path) -> None:
    path = tmp_path / "x.jpg"
    path.write_bytes(TEXT)
    before = len(os.listdir("/proc/self/fd"))
    for headers in ({}, {"Range": "bytes=0-3"}, {"Range": "bytes=999-"}, {"If-None-Match": "*"}):
        for request in (rf.get("/", headers=headers), rf.head("/", headers=headers)):
            answer = files.send(request, path, {})
            for close in answer._resource_closers:
                close()
    assert len(os.listdir("/proc/self/fd")) == before


def test_file_is_in_memory_only_piece_by_piece(rf, tmp_path) -> None:
    path = tmp_path / "x.jpg"
    path.write_bytes(bytes(5_000_000))
    for headers in ({}, {"Range": "bytes=1-4999990"}):
        sent = files.send(rf.get("/", headers=headers), path, {})
        assert max(len(piece) for piece in sent) == files.PIECE
