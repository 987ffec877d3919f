"""Uploaded files on their way to readers: pictures to be shown, documents to be kept.

Behind a CDN or nginx the front serves them; alone, we do. Neither is a page: no script of theirs
runs, whatever somebody got into them.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils.cache import get_conditional_response
from django.utils.http import http_date, parse_http_date_safe
from django.views.decorators.http import require_safe
from wagtail import hooks

from newsroom.models import Attachment

# Below MEDIA_ROOT also lie documents, and what Wagtail keeps aside: those are not to be had here.
FOLDERS = {"images", "original_images"}
TYPES = {
    ".avif": "image/avif",
    ".jpg": "image/jpeg",
    ".png": "image/png",
    ".webp": "image/webp",
}
TEXT = "text/plain; charset=utf-8"
DOCUMENTS = {".pdf": "application/pdf", ".txt": TEXT, ".csv": "text/csv; charset=utf-8"}
DOCUMENTS[".mp3"] = "audio/mpeg"
PIECE = 64_000  # bytes in memory at a time
# RFC 9110, 14.1.2: one range; several may be answered with the whole.
ONE_RANGE = re.compile(r"bytes=\s*([0-9]{0,18})-([0-9]{0,18})\s*", re.IGNORECASE)


@require_safe
def media(request: HttpRequest, path: str) -> HttpResponseBase:
    """A picture."""
    folder, _, name = path.partition("/")
    kind = TYPES.get(Path(name).suffix)
    if folder not in FOLDERS or "/" in name or kind is None:
        raise Http404
    return send(request, Path(settings.MEDIA_ROOT, folder, name), {"Content-Type": kind})


@require_safe
def document(request: HttpRequest, pk: str, name: str) -> HttpResponseBase:
    """A download, to whoever may have it: Wagtail's hooks know its collection's restrictions."""
    found = get_object_or_404(Attachment, pk=pk)
    if found.filename != name:
        raise Http404
    for hook in hooks.get_hooks("before_serve_document"):
        answer = hook(found, request)
        if isinstance(answer, HttpResponse):
            return answer
    headers = {
        "Content-Type": DOCUMENTS.get(Path(name).suffix, "application/octet-stream"),
        "Content-Disposition": f'attachment; filename="{name}"',
    }
    if name.endswith(".mp3"):  # our pages play it, on whatever host it lies
        headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return send(request, Path(found.file.path), headers)


def send(request: HttpRequest, path: Path, headers: dict[str, str]) -> HttpResponseBase:
    """The file, or the part of it that is asked for (RFC 9110, 13 and 14), piece by piece."""
    try:
        file = path.open("rb")
    except (OSError, ValueError) as error:  # not there, or a name that no file system takes
        raise Http404 from error
    about = os.fstat(file.fileno())
    size, modified = about.st_size, int(about.st_mtime)
    etag = f'"{about.st_mtime_ns:x}-{size:x}"'
    headers |= {
        "Content-Security-Policy": "sandbox; default-src 'none'",
        "X-Content-Type-Options": "nosniff",
        "Accept-Ranges": "bytes",
        "ETag": etag,
        "Last-Modified": http_date(modified),
    }
    proceed = HttpResponse(headers=headers)
    unchanged = get_conditional_response(request, etag, modified, proceed) or proceed
    if unchanged is not proceed or request.method == "HEAD":
        file.close()
        unchanged["Content-Length"] = str(size if unchanged is proceed else 0)
        return unchanged
    wanted = request.headers.get("Range", "") if is_same(request, etag, modified) else ""
    part = part_of(wanted, size)
    if part and part[0] >= size:
        file.close()
        return HttpResponse(status=416, headers=headers | {"Content-Range": f"bytes */{size}"})
    first, last = part or (0, size - 1)
    headers["Content-Length"] = str(last - first + 1)
    if part:
        headers["Content-Range"] = f"bytes {first}-{last}/{size}"
    answer = StreamingHttpResponse(
        pieces(file, first, last), status=206 if part else 200, headers=headers
    )
    answer._resource_closers.append(file.close)  # type: ignore[attr-defined] # though unread
    return answer


def is_same(request: HttpRequest, etag: str, modified: int) -> bool:
    """If-Range: has the client its other parts from this very file? (RFC 9110, 13.1.5)"""
    condition = request.headers.get("If-Range")
    return condition in (None, etag) or parse_http_date_safe(condition) == modified


def part_of(wanted: str, size: int) -> tuple[int, int] | None:
    """The first and the last byte; None for the whole, which also answers what makes no sense. A
    first byte behind the end means that there is no such part."""
    found = ONE_RANGE.fullmatch(wanted)
    if not found or not any(found.groups()):
        return None
    first, last = found.groups()
    if not first:
        return (max(size - int(last), 0), size - 1) if int(last) else (size, size)
    if last and int(last) < int(first):
        return None
    return int(first), min(int(last or size), size - 1)


def pieces(file: IO[bytes], first: int, last: int) -> Iterator[bytes]:
    file.seek(first)
    left = last - first + 1
    while left > 0 and (piece := file.read(min(left, PIECE))):
        left -= len(piece)
        yield piece
