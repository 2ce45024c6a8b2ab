"""Small files of the kinds that people send, made here byte by byte."""

from collections.abc import Mapping
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile

OFFICE = "application/vnd.openxmlformats-officedocument."
DOCX, XLSX = f"{OFFICE}wordprocessingml.document", f"{OFFICE}spreadsheetml.sheet"
_TYPES = '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>'
_W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_S = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'


def pdf(*pages: str) -> bytes:
    """A PDF 1.4 with a page for each text; an empty text makes a page without words."""
    kids = " ".join(f"{4 + 2 * number} 0 R" for number in range(len(pages)))
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    for number, text in enumerate(pages):
        escaped = text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
        shown = f"BT /F1 12 Tf 50 700 Td ({escaped}) Tj ET" if text else "0 0 m 9 9 l S"
        font = "/Resources << /Font << /F1 3 0 R >> >>"
        objects += [
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents {5 + 2 * number} 0 R {font} >>",
            f"<< /Length {len(shown.encode('cp1252'))} >>\nstream\n{shown}\nendstream",
        ]
    return _assembled(objects)


def _assembled(objects: list[str]) -> bytes:
    out, places = BytesIO(b""), []
    out.write(b"%PDF-1.4\n")
    for number, told in enumerate(objects, start=1):
        places.append(out.tell())
        out.write(f"{number} 0 obj\n{told}\nendobj\n".encode("cp1252"))
    start = out.tell()
    rows = "".join(f"{place:010} 00000 n \n" for place in places)
    size = len(objects) + 1
    out.write(f"xref\n0 {size}\n0000000000 65535 f \n{rows}trailer\n<< /Size {size} /Root 1 0 R >>\n".encode())
    out.write(f"startxref\n{start}\n%%EOF\n".encode())
    return out.getvalue()


def packed(members: Mapping[str, str] | Mapping[str, str | bytes]) -> bytes:
    """An office document of these members."""
    out = BytesIO()
    with ZipFile(out, "w", ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", _TYPES)
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


def docx(*paragraphs: str, picture: bool = False) -> bytes:
    """A Word document, with a picture where asked for."""
    body = "".join(f"<w:p><w:r><w:t>{one}</w:t></w:r></w:p>" for one in paragraphs)
    members: dict[str, str | bytes] = {"word/document.xml": f"<w:document {_W}><w:body>{body}</w:body></w:document>"}
    return packed(members | ({"word/media/image1.png": b"\x89PNG"} if picture else {}))


def xlsx(*cells: str) -> bytes:
    """An Excel workbook whose cells share their texts."""
    shared = "".join(f"<si><t>{one}</t></si>" for one in cells)
    members = {"xl/sharedStrings.xml": f"<sst {_S}>{shared}</sst>", "xl/worksheets/sheet1.xml": f"<worksheet {_S}/>"}
    return packed(members)


def rtf(text: str) -> bytes:
    """A rich text; letters beyond ASCII as its code page has them."""
    said = "".join(one if one.isascii() else f"\\'{one.encode('cp1252').hex()}" for one in text)
    return rf"{{\rtf1\ansi\ansicpg1252 {said}\par}}".encode()
