"""What is too long for memory waits on a disk that shows nothing of it."""

from pathlib import Path

from django.core.files.uploadhandler import load_handler
from hypothesis import given
from hypothesis import strategies as st

from newsroom.web.body_limits import SealedUpload, Spool


@given(st.lists(st.binary(max_size=70)), st.integers(0, 200), st.integers(0, 300))
def test_what_went_in_comes_out_from_any_place(pieces: list[bytes], most: int, at: int) -> None:
    whole = b"".join(pieces)
    with Spool(most) as spool:
        for piece in pieces:
            spool.write(piece)
        spool.seek(0)
        assert spool.read() == whole
        spool.seek(at)
        assert spool.read(50) == whole[at : at + 50]
        assert spool.on_disk == (len(whole) > most)


def test_disk_shows_nothing() -> None:
    with Spool(10) as spool:
        spool.write(b"ann@example.org " * 1000)
        kept = Path(f"/proc/self/fd/{spool.file.fileno()}").read_bytes()
        assert len(kept) == 16_000
        assert b"ann@" not in kept and len(set(kept)) == 256


def test_large_upload_is_a_file_like_any_other() -> None:
    handler = load_handler(f"{SealedUpload.__module__}.SealedUpload", None)
    handler.new_file("file", "a.csv", "text/csv", 9, None, {})
    handler.receive_data_chunk(b"email\n", 0)
    handler.receive_data_chunk(b"a@b\n", 6)
    upload = handler.file_complete(10)
    assert list(upload) == [b"email\n", b"a@b\n"]
    upload.seek(0)
    assert b"".join(upload.chunks(4)) == b"email\na@b\n"
    assert upload.size == 10 and upload.name == "a.csv"
