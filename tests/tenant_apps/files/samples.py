"""Small files that are really what they say."""

from __future__ import annotations

import base64
import io
import zipfile

PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01" + bytes(20) + b"\xff\xd9"
WEBP = b"RIFF\x1a\x00\x00\x00WEBPVP8L" + bytes(14)
HEIC = b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + bytes(8)
CSV = "number,mills\nA1,400\nΒ2,600\n".encode()  # noqa: RUF001 - Greek letters are meant
TEXT = "Το κλειδί είναι στον φούρνο.\n".encode()  # noqa: RUF001 - Greek letters are meant


def office(*parts: str) -> bytes:
    """Return an archive with these parts, as Word and Excel make them."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for part in parts:
            archive.writestr(part, "<xml/>")
    return data.getvalue()


DOCX = office("[Content_Types].xml", "word/document.xml")
XLSX = office("[Content_Types].xml", "xl/workbook.xml")
MACROS = office("[Content_Types].xml", "word/document.xml", "word/vbaProject.bin")
ARCHIVE = office("anything.txt")
