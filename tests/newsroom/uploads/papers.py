"""Documents of many kinds, made here; all that is not on a page names the same person."""

import zipfile
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pikepdf
from pikepdf import Array, Dictionary, Name, String

from tests.newsroom.uploads import kinds

NAME = kinds.NAME


def stream(pdf: pikepdf.Pdf, data: bytes = NAME.encode(), **keys: Any) -> Any:
    return pdf.make_indirect(pdf.make_stream(data, **keys))


def told(pdf: pikepdf.Pdf) -> Any:
    """A page with words, a photograph, a link, a comment and a filled-in field; and everywhere a
    place where programs write who made it."""
    page = pdf.add_blank_page(page_size=(300, 200))
    note = Dictionary(Private=String(NAME), LastModified=String("D:20260101"))
    photograph = stream(
        pdf, kinds.jpeg(), Type=Name.XObject, Subtype=Name.Image, Width=64, Height=36,
        BitsPerComponent=8, ColorSpace=Name.DeviceRGB, Filter=Name.DCTDecode,
        Metadata=stream(pdf), PieceInfo=note, OPI=note,
    )  # fmt: skip
    unseen = stream(pdf, kinds.jpeg(), Type=Name.XObject, Subtype=Name.Image, Width=64, Height=36,
        BitsPerComponent=8, ColorSpace=Name.DeviceRGB, Filter=Name.DCTDecode)  # fmt: skip
    font = Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica)
    page.obj.Resources = Dictionary(
        XObject=Dictionary(Im1=photograph, Im2=unseen), Font=Dictionary(F1=font)
    )
    words = b"BT /F1 18 Tf 20 150 Td (The budget) Tj ET q 64 0 0 36 20 60 cm /Im1 Do Q"
    page.obj.Contents = stream(pdf, words)
    page.obj.Metadata, page.obj.PieceInfo, page.obj.Thumb = stream(pdf), note, stream(pdf)
    page.obj.VP = Array([Dictionary(Measure=Dictionary(GPTS=Array([52, 21]), X=String(NAME)))])
    shown = stream(pdf, b"BT /F1 12 Tf 0 0 Td (Filled in) Tj ET", Type=Name.XObject,
        Subtype=Name.Form, BBox=[0, 0, 80, 20],
        Resources=Dictionary(Font=Dictionary(F1=font)))  # fmt: skip
    mine = {"T": String(NAME), "NM": String(NAME), "M": String("D:20260101120000+02'00'")}
    file = Dictionary(Type=Name.Filespec, F=String(NAME), EF=Dictionary(F=stream(pdf)))
    rect = Array([20, 20, 100, 40])

    def annotation(kind: Any, **keys: Any) -> Any:
        return pdf.make_indirect(Dictionary(Type=Name.Annot, Subtype=kind, Rect=rect, **keys))

    def link(**action: Any) -> Any:
        return annotation(Name.Link, A=Dictionary(**action), **mine)

    field = annotation(
        Name.Widget, FT=Name.Tx, V=String("Filled in"), AP=Dictionary(N=shown), F=4,
        DA=String("/F1 12 Tf"), **mine,
    )  # fmt: skip
    page.obj.Annots = Array([
        link(S=Name.URI, URI=String("https://example.org/budget"),
             Next=Dictionary(JS=String(NAME))),
        link(S=Name.URI, URI=String(f"file:///C:/Users/{NAME}/draft.docx")),
        link(S=Name.Launch, F=file),
        link(S=Name.JavaScript, JS=String(f"app.alert('{NAME}')")),
        annotation(Name.Text, Contents=String(NAME), **mine),
        annotation(Name.FileAttachment, FS=file, **mine),
        annotation(Name.Popup, Contents=String(NAME), **mine),
        field,
    ])  # fmt: skip
    root = pdf.Root
    root.AcroForm = Dictionary(Fields=Array([field]), XFA=stream(pdf), DR=Dictionary())
    root.OpenAction = Dictionary(S=Name.JavaScript, JS=String(NAME))
    root.AA, root.AF, root.Metadata = Dictionary(WC=root.OpenAction), Array([file]), stream(pdf)
    root.Names = Dictionary(
        EmbeddedFiles=Dictionary(Names=Array([String(NAME), file])),
        JavaScript=Dictionary(Names=Array([String(NAME), root.OpenAction])),
    )
    root.PieceInfo, root.Perms = note, Dictionary(DocMDP=note)
    usage = Dictionary(CreatorInfo=Dictionary(Creator=String(NAME)), User=Dictionary(Name=NAME))
    layer = Dictionary(Type=Name.OCG, Name=String("Layer"), Usage=usage)
    root.OCProperties = Dictionary(OCGs=Array([pdf.make_indirect(layer)]), D=Dictionary())
    pdf.docinfo["/Author"] = NAME
    pdf.docinfo["/Title"] = f"Draft by {NAME}"
    pdf.trailer.Mine = String(NAME)
    return page


def pdf(change: Callable[[pikepdf.Pdf], Any] = told, **options: Any) -> bytes:
    out = BytesIO()
    with pikepdf.new() as made:
        change(made)
        made.save(out, **options)
    return out.getvalue()


def with_an_older_revision() -> bytes:
    """An incremental update (ISO 32000-2, 7.5.6): the old object stays in the file."""
    old = pdf(
        lambda made: made.add_blank_page(), object_stream_mode=pikepdf.ObjectStreamMode.disable
    )
    with pikepdf.open(BytesIO(old)) as read:
        size, root = int(read.trailer.Size), read.trailer.Root.objgen[0]
        start = int(old.rsplit(b"startxref", 1)[1].split()[0])

    def update(before: bytes, text: str, previous: int) -> tuple[bytes, int]:
        at = len(before)
        thing = f"{size} 0 obj\n({text})\nendobj\n".encode()
        xref = f"xref\n{size} 1\n{at:010} 00000 n \n".encode()
        tail = (
            f"trailer\n<< /Size {size + 1} /Root {root} 0 R /Info {size} 0 R /Prev {previous} >>\n"
        )
        place = at + len(thing)
        data = before + thing + xref + tail.encode() + f"startxref\n{place}\n%%EOF\n".encode()
        return data, place

    first, place = update(old, NAME, start)
    return update(first, "nobody", place)[0]


def scanned(filters: list[Any], data: Callable[[bytes], bytes]) -> bytes:
    """A photograph packed twice, as some programs do."""

    def change(made: pikepdf.Pdf) -> None:
        page = made.add_blank_page()
        image = stream(made, data(kinds.jpeg()), Type=Name.XObject, Subtype=Name.Image, Width=64,
            Height=36, BitsPerComponent=8, ColorSpace=Name.DeviceRGB,
            Filter=Array(filters))  # fmt: skip
        page.obj.Resources = Dictionary(XObject=Dictionary(Im1=image))
        page.obj.Contents = stream(made, b"q 64 0 0 36 20 60 cm /Im1 Do Q")

    return pdf(change)


def archive(name: str) -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        packed.writestr(name, f"<creator>{NAME}</creator>")
    return out.getvalue()


def bomb() -> bytes:
    """Some hundred kB that say they are gigabytes."""

    def change(made: pikepdf.Pdf) -> None:
        page = made.add_blank_page()
        page.obj.Contents = stream(made, b" " * 900_000_000)

    return pdf(change, compress_streams=True)


HTML = b"<!doctype html><script>fetch('/admin/')</script>"
# What is refused: a file's name, what is in it, a word of what its editor reads.
REFUSED: list[tuple[str, Callable[[], bytes], str]] = [
    *((f"x.{kind}", lambda: HTML, "export other documents") for kind in (
        "html", "htm", "xhtml", "svg", "xml", "js", "mjs", "mht", "swf", "exe", "zip", "pdf.html",
        "", "PDF ", "pdf\x00.html", "rtf", "eml", "ics", "vcf", "wasm", "php", "xsl",
    )),
    ("x.docx", lambda: archive("docProps/core.xml"), "export other documents"),
    ("x.odt", lambda: archive("meta.xml"), "export other documents"),
    ("x.xlsx", lambda: archive("docProps/core.xml"), "export other documents"),
    ("x.jpg", kinds.jpeg, "upload pictures as images"),
    ("x.pdf", lambda: HTML, "and is none"),
    ("x.PDF", lambda: b"\n" + HTML, "and is none"),
    ("x.pdf", lambda: archive("word/document.xml"), "and is none"),
    ("x.pdf", lambda: HTML + pdf(), "and is none"),
    ("x.pdf", lambda: b"%PDF-1.7\n" + HTML, "cannot read"),
    ("x.pdf", lambda: b"%PDF-", "cannot read"),
    ("x.pdf", lambda: pdf(encryption=pikepdf.Encryption(user="a", owner="b")), "password"),
    ("x.pdf", lambda: pdf() + bytes(10 * 1024 * 1024), "too large"),
    ("x.txt", lambda: HTML, "something else"),
    ("x.csv", lambda: b"\xef\xbb\xbf \n<svg onload='alert(1)'>", "something else"),
    ("x.txt", lambda: b"<?xml version='1.0'?>", "something else"),
    ("x.txt", lambda: pdf(), "something else"),
    ("x.txt", lambda: b"{\\rtf1{\\info{\\author x}}}", "something else"),
    ("x.csv", lambda: "ż".encode("cp1250"), "something else"),
    ("x.csv", lambda: "a;b".encode("utf-16"), "something else"),
    ("x.txt", lambda: b"a\0b", "something else"),
]  # fmt: skip
