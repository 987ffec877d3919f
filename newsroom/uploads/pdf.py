"""A PDF with its pages and nothing about its makers. Run as a program: PDF in, PDF out.

Only what the pages need is written again, so earlier revisions, attached files and deleted objects
are gone. Names of keys are those of ISO 32000-2. No import of ours: it runs alone (documents.py).
"""

import resource
import sys
import zlib
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pikepdf
from pikepdf import Array, Dictionary, Name, Stream

LOCKED = 3  # the exit code for a PDF that needs a password
MEMORY, SECONDS = 1024**3, 30

# What is kept of the document, of a page, of a link.
DOCUMENT = {
    *("/Type", "/Version", "/Pages", "/PageLabels", "/Outlines", "/Names", "/Dests", "/Lang"),
    *("/MarkInfo", "/StructTreeRoot", "/PageLayout", "/OCProperties"),
}
PAGE = {
    *("/Type", "/Parent", "/Resources", "/MediaBox", "/CropBox", "/BleedBox", "/TrimBox"),
    *("/ArtBox", "/Contents", "/Rotate", "/Group", "/Annots", "/Tabs", "/StructParents"),
    "/UserUnit",
}
LINK = {
    *("/Type", "/Subtype", "/Rect", "/Border", "/BS", "/C", "/H", "/QuadPoints", "/Dest", "/A"),
    *("/F", "/StructParent"),
}
# What goes wherever it stands: XMP, programs' own notes, files, scripts, places on the globe.
DROPPED = {
    *("/Metadata", "/PieceInfo", "/LastModified", "/AF", "/EF", "/AA", "/JS", "/Thumb", "/OPI"),
    *("/VP", "/Measure", "/CreatorInfo", "/User", "/Ref"),
}
IMAGE = {
    *("/Type", "/Subtype", "/Width", "/Height", "/ColorSpace", "/BitsPerComponent", "/Intent"),
    *("/ImageMask", "/Mask", "/Decode", "/Interpolate", "/SMask", "/SMaskInData", "/Matte"),
    *("/Name", "/StructParent", "/OC", "/Length", "/Filter", "/DecodeParms"),
}
LAYER = {"/Type", "/Name", "/Intent"}
MADE_UP = "/QPDFFake"  # how a key begins that stands in for a damaged one (QPDF)
ADDRESSES = ("http://", "https://", "mailto:")  # “file:” names folders


def clean(data: bytes) -> bytes:
    """Raises pikepdf's errors for what is none, is locked, or too damaged to tell what it says."""
    with pikepdf.open(BytesIO(data)) as pdf:
        # What a form or a stamp shows becomes part of the page; who filled it in, and when, goes.
        pdf.generate_appearance_streams()
        pdf.flatten_annotations("screen")
        for page in pdf.pages:
            links = [one for one in page.obj.get("/Annots", []) if leads_somewhere(one)]
            for link in links:
                keep(link, LINK)
            page.obj.Annots = Array(links)
            keep(page.obj, PAGE)
        keep(pdf.Root, DOCUMENT)
        if "/Names" in pdf.Root:
            keep(pdf.Root.Names, {"/Dests"})
        keep(pdf.trailer, {"/Root", "/Size"})
        pdf.remove_unreferenced_resources()
        for thing in pdf.objects:
            for part in parts(thing):
                drop(part)
            if isinstance(thing, Stream):
                if thing.get("/Subtype") == Name.Image:
                    keep(thing, IMAGE)
                without_metadata(pdf, thing)
        out = BytesIO()
        pdf.save(out, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    with pikepdf.open(BytesIO(out.getvalue())) as written:  # of a damaged one nobody may read it
        len(written.pages)
    return out.getvalue()


def keep(thing: Any, keys: set[str]) -> None:
    for key in set(thing.keys()) - keys:
        del thing[key]


def leads_somewhere(annotation: Any) -> bool:
    if annotation.get("/Subtype") != Name.Link:
        return False
    return "/Dest" in annotation or is_harmless(annotation.get("/A"))


def is_harmless(action: Any) -> bool:
    """Does it only lead to another page, or to an address on the web?"""
    if not isinstance(action, Dictionary):
        return False
    if "/Next" in action:
        del action["/Next"]
    kind = action.get("/S")
    address = str(action.get("/URI", "")).lower()
    return kind == Name.GoTo or (kind == Name.URI and address.startswith(ADDRESSES))


def parts(thing: Any) -> Iterator[Any]:
    """It, and every dictionary that is written inside it."""
    waiting = [thing]
    while waiting:
        one = waiting.pop()
        inside: list[Any] = []
        if isinstance(one, Dictionary | Stream):
            yield one
            inside = [one[key] for key in one.keys()]  # noqa: SIM118 - no mapping
        elif isinstance(one, Array):
            inside = list(one)
        waiting += [
            each for each in inside if isinstance(each, Dictionary | Array) and not each.is_indirect
        ]


def drop(part: Any) -> None:
    if part.get("/Type") == Name.OCG:
        keep(part, LAYER)
    for key in set(part.keys()):
        if key.startswith(MADE_UP):
            raise pikepdf.PdfError(key)
        if key in DROPPED or is_metadata(part[key]):
            del part[key]
    if "/Title" in part and "/A" in part and not is_harmless(part["/A"]):  # a bookmark
        del part["/A"]


def is_metadata(value: Any) -> bool:
    """Whatever the key is called that leads there."""
    return isinstance(value, Stream) and value.get("/Type") == Name.Metadata


def without_metadata(pdf: pikepdf.Pdf, stream: Stream) -> None:
    """A photograph stands in a PDF as the camera wrote it."""
    given: Any = stream.get("/Filter", Array())
    filters: list[Any] = list(given) if isinstance(given, Array) else [given]
    if not filters or filters[-1] not in STRIPPED:
        if begins(stream.read_raw_bytes(), filters).startswith(b"\xff\xd8\xff"):
            raise pikepdf.PdfError("a photograph that is not said to be one")
        return
    data = stream.read_raw_bytes()
    if filters[:-1]:
        around = pdf.make_stream(data, Filter=Array(filters[:-1]))
        data = around.read_bytes(pikepdf.StreamDecodeLevel.specialized)
    parms = stream.get("/DecodeParms")
    stream.write(STRIPPED[filters[-1]](data), filter=filters[-1])
    if isinstance(parms, Dictionary) and not filters[:-1]:
        stream.DecodeParms = parms


def begins(data: bytes, filters: list[Any]) -> bytes:
    """The first bytes of a stream, as far as they are plain or packed in the usual way."""
    if filters == [Name.FlateDecode]:
        try:
            return zlib.decompressobj().decompress(data, 3)
        except zlib.error:
            return b""
    return data[:3]


def jpeg(data: bytes) -> bytes:
    """Only its segments that make the picture (ITU-T T.81, annex B), from its start to its end."""
    kept, at = data[:2], 2
    while data[at : at + 1] == b"\xff" and data[at + 1] != 0xDA:
        if data[at + 1] == 0xFF:  # a fill byte
            at += 1
            continue
        end = at + 2 + int.from_bytes(data[at + 2 : at + 4])
        marker = data[at + 1]
        # APP14 says how Adobe coded the colours; the other APPs and COM say everything else.
        if marker == 0xEE or not (0xE0 <= marker <= 0xEF or marker == 0xFE):
            kept += data[at:end]
        at = end
    if data[at : at + 2] != b"\xff\xda":
        raise ValueError("a damaged photograph, of which nobody can tell where it begins")
    return kept + data[at : data.rindex(b"\xff\xd9") + 2]


def jpeg_2000(data: bytes) -> bytes:
    """Its boxes without those of XML and UUID (ISO 15444-1, annex I); a bare codestream stays."""
    if data[4:8] != b"jP  ":
        return data
    kept, at = b"", 0
    while at < len(data):
        length = int.from_bytes(data[at : at + 4])
        if length == 1:
            length = int.from_bytes(data[at + 8 : at + 16])
        length = max(length, 8) if length else len(data) - at
        if data[at + 4 : at + 8] not in (b"xml ", b"uuid", b"uinf"):
            kept += data[at : at + length]
        at += length
    return kept


STRIPPED = {Name.DCTDecode: jpeg, Name.JPXDecode: jpeg_2000}

if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    try:
        sys.stdout.buffer.write(clean(sys.stdin.buffer.read()))
    except pikepdf.PasswordError:
        sys.exit(LOCKED)
