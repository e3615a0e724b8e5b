"""A PDF of one page with lines of text, by the rules of ISO 32000 (7.5: file structure)."""

from __future__ import annotations

from collections.abc import Sequence

_TOP, _LEFT, _LEADING = 780, 60, 20  # points, on A4


def page(lines: Sequence[str]) -> bytes:
    """Return a PDF of one A4 page; letters beyond Latin 1 become question marks."""
    text = b"".join(b"(%s) Tj T*\n" % _escaped(line) for line in lines)
    content = b"BT /F1 12 Tf %d TL %d %d Td\n%sET" % (_LEADING, _LEFT, _TOP, text)
    return _file(
        [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            (
                b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
                b" /Resources << /Font << /F1 5 0 R >> >> >>"
            ),
            b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
            b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        ]
    )


def _file(objects: Sequence[bytes]) -> bytes:
    """Return the objects, numbered from 1, with the table of where each begins."""
    written, begins = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, start=1):
        begins.append(len(written))
        written += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % begin for begin in begins)
    size = len(objects) + 1
    return written + (
        b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<< /Size %d /Root 1 0 R >>\n"
        b"startxref\n%d\n%%%%EOF\n" % (size, table, size, len(written))
    )


def _escaped(line: str) -> bytes:
    for mark in ("\\", "(", ")"):
        line = line.replace(mark, f"\\{mark}")
    return line.encode("latin-1", "replace")
