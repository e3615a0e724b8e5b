"""What a file is, judged by what is in it: neither its name nor what the client says counts."""

from __future__ import annotations

import zipfile
from io import BytesIO
from pathlib import PurePath

from django.utils.translation import gettext as _

from public_apps.core.errors import Invalid
from tenant_apps.files.models import Kind

SIGNATURES = {
    b"%PDF-": Kind.PDF,
    b"\x89PNG\r\n\x1a\n": Kind.PNG,
    b"\xff\xd8\xff": Kind.JPEG,
    b"PK\x03\x04": Kind.DOCX,  # or XLSX: the parts inside say which
}
HEIC_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1"})
OFFICE_PARTS = {"word/document.xml": Kind.DOCX, "xl/workbook.xml": Kind.XLSX}
# Control characters that real text holds.
BLANKS = frozenset("\t\n\r\f")
ENDINGS = {
    Kind.PDF: (".pdf",),
    Kind.PNG: (".png",),
    Kind.JPEG: (".jpg", ".jpeg"),
    Kind.WEBP: (".webp",),
    Kind.HEIC: (".heic", ".heif"),
    Kind.DOCX: (".docx",),
    Kind.XLSX: (".xlsx",),
    Kind.CSV: (".csv",),
    Kind.TEXT: (".txt", ".md", ".log"),
}


def kind_of(data: bytes, *, name: str) -> Kind:
    """Return what the bytes are; raise `errors.Invalid` for what we don't keep.

    Only between a table and plain text the name decides: nothing in the bytes tells them apart.
    """
    kind = _by_signature(data)
    if kind is Kind.DOCX:
        kind = _office(data)
    elif kind is None and _is_text(data):
        kind = Kind.CSV if name.lower().endswith(ENDINGS[Kind.CSV]) else Kind.TEXT
    if kind is None:
        message = _("Send a PDF, an image (PNG, JPEG, WebP, HEIC), a DOCX, XLSX, CSV or text file.")
        raise Invalid(message, errors={"file": [message]})
    return kind


def fitting_name(name: str, *, kind: Kind, longest: int = 150) -> str:
    """Return the name without folders and control characters, with an ending of its kind."""
    bare = name.replace("\\", "/").rpartition("/")[2]
    clean = " ".join("".join(each if each.isprintable() else " " for each in bare).split())
    path = PurePath(clean.strip(".") or _("file"))
    ending = path.suffix if path.suffix.lower() in ENDINGS[kind] else ENDINGS[kind][0]
    stem = path.stem if path.suffix.lower() in ENDINGS[kind] else path.name
    return f"{stem[: longest - len(ending)]}{ending}"


def _by_signature(data: bytes) -> Kind | None:
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return Kind.WEBP
    if data[4:8] == b"ftyp" and data[8:12] in HEIC_BRANDS:
        return Kind.HEIC
    return next((kind for start, kind in SIGNATURES.items() if data.startswith(start)), None)


def _office(data: bytes) -> Kind | None:
    """Return the kind of a document without macros; None for any other archive."""
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            parts = set(archive.namelist())
    except (zipfile.BadZipFile, NotImplementedError, ValueError):
        return None
    if "[Content_Types].xml" not in parts or any("vbaproject" in part.lower() for part in parts):
        return None
    return next((kind for part, kind in OFFICE_PARTS.items() if part in parts), None)


def _is_text(data: bytes) -> bool:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return False
    return not any(ord(each) < ord(" ") and each not in BLANKS for each in text)
