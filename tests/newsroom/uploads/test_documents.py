import zlib
from base64 import a85encode
from contextlib import suppress
from io import BytesIO

import pikepdf
import pytest
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pikepdf import Name
from PIL import Image
from pypdf import PdfReader

from newsroom.uploads import documents, pdf
from tests.newsroom.uploads import kinds, papers


def cleaned(data: bytes, name: str = "x.pdf") -> bytes:
    return documents.clean(BytesIO(data), name).read()


def unpacked(data: bytes) -> bytes:
    """Every object of a PDF in plain."""
    out = BytesIO()
    with pikepdf.open(BytesIO(data)) as read:
        read.save(
            out, stream_decode_level=pikepdf.StreamDecodeLevel.generalized,
            object_stream_mode=pikepdf.ObjectStreamMode.disable, compress_streams=False,
        )  # fmt: skip
    return out.getvalue()


@pytest.mark.parametrize(
    "make",
    [
        papers.pdf,
        papers.with_an_older_revision,
        lambda: papers.pdf(encryption=pikepdf.Encryption(user="", owner="b")),
        lambda: papers.pdf(linearize=True),
        lambda: papers.scanned([Name.FlateDecode, Name.DCTDecode], zlib.compress),
        lambda: papers.scanned(
            [Name.ASCII85Decode, Name.DCTDecode], lambda data: a85encode(data) + b"~>"
        ),
    ],
    ids=["everything", "older revision", "owner's password", "linear", "packed", "packed, 85"],
)
def test_pdf_names_nobody(make) -> None:
    after = cleaned(make())
    assert papers.NAME.encode() not in after + unpacked(after)
    with pikepdf.open(BytesIO(after)) as read:
        assert "/Info" not in read.trailer and "/Mine" not in read.trailer
        assert set(read.Root.keys()) <= pdf.DOCUMENT


def test_the_papers_of_these_tests_name_somebody() -> None:
    for made in (papers.pdf(), papers.with_an_older_revision()):
        assert made.count(papers.NAME.encode()) + unpacked(made).count(papers.NAME.encode())


def test_pdf_shows_what_it_showed() -> None:
    after = cleaned(papers.pdf())
    [page] = PdfReader(BytesIO(after)).pages
    assert "The budget" in page.extract_text() and "Filled in" in page.extract_text()
    with pikepdf.open(BytesIO(after)) as read:
        [link] = read.pages[0].Annots
        assert str(link.A.URI) == "https://example.org/budget"
        [image] = read.pages[0].get_images().values()
        shown = Image.open(BytesIO(image.read_raw_bytes()))
        assert shown.convert("RGB").tobytes() == Image.open(BytesIO(kinds.jpeg())).tobytes()


@pytest.mark.rare
def test_pdf_that_unpacks_without_end_is_refused_or_cleaned_in_bounds() -> None:
    with suppress(ValidationError):
        assert len(cleaned(papers.bomb())) < 2_000_000


@pytest.mark.parametrize(("name", "make", "words"), papers.REFUSED)
def test_what_is_refused_is_said(name: str, make, words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        documents.clean(ContentFile(make()), name)


@pytest.mark.parametrize("name", ["x.txt", "x.csv", "x.TXT", "x.svg.txt"])
def test_text_stays_as_it_is(name: str) -> None:
    assert cleaned("\ufeffa;б\r\n1 < 2".encode(), name) == "a;б\r\n1 < 2".encode()


@settings(max_examples=8, deadline=None)
@given(st.binary(max_size=50), st.integers(0, 100_000))
@example(b"\1" * 7, 4117)  # a key is gone, and what it led to stands under another
@example(b"\1\1", 4084)  # a photograph that is not said to be one
@example(b"  R//R", 4338)  # … that begins with something else
@example(b"//R\1", 1536)  # a layer, with its maker under another key
def test_damaged_pdf_is_cleaned_or_refused(damage: bytes, at: int) -> None:
    data = papers.pdf()
    at %= len(data)
    try:
        kept = cleaned(data[:at] + damage + data[at + len(damage) :])
    except ValidationError:
        return
    assert papers.NAME.encode() not in kept + unpacked(kept)
