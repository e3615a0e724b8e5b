"""The mails that the catcher kept, to be read in a browser on this machine."""

from __future__ import annotations

import html
from email.message import EmailMessage
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from devstack import mailbox

LOOPBACK = frozenset({"127.0.0.1", "localhost"})
MOST_LISTED = 200
STYLE = """
:root { color-scheme: light dark; }
body { font: 1rem/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 60rem; padding: 1rem; }
ul { list-style: none; padding: 0; }
li { padding: .6rem 0; border-bottom: 1px solid #8884; }
small, dt { color: #777; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1rem; }
dd { margin: 0; overflow-wrap: anywhere; }
iframe { width: 100%; height: 70vh; border: 1px solid #8884; background: #fff; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; }
"""
# What a mail's HTML may do: show itself, and open links in a window of their own. No scripts.
MAILS_POLICY = "sandbox allow-popups allow-popups-to-escape-sandbox; script-src 'none'"
PAGES_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'"


class MailPage(BaseHTTPRequestHandler):
    """Answers `/`, `/<name>` (a mail) and `/<name>/html` (its HTML alone)."""

    folder: Path

    def do_GET(self) -> None:
        """Show the list, a mail, or nothing of the kind."""
        if self.headers.get("Host", "").rpartition(":")[0] not in LOOPBACK:
            return self._answer("This page is for this machine only.", HTTPStatus.FORBIDDEN)
        name, _, part = self.path.strip("/").partition("/")
        if not name:
            return self._answer(_listed(self.folder))
        # Only what lies in the folder by this very name: no path leads elsewhere.
        path = next((each for each in self.folder.glob("*.eml") if each.stem == name), None)
        if path is None:
            return self._answer(_page("No such mail", ""), HTTPStatus.NOT_FOUND)
        mail = mailbox.read(path)
        if part == "html":
            return self._answer(_html_of(mail), policy=MAILS_POLICY)
        return self._answer(_shown(mail, name))

    def _answer(
        self, text: str, status: HTTPStatus = HTTPStatus.OK, *, policy: str = PAGES_POLICY
    ) -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Security-Policy", policy)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_words: object) -> None:
        """Say nothing: the catcher's log is for mails."""


def serve(*, port: int, folder: Path) -> None:
    """Show the mails in `folder` on 127.0.0.1 for as long as this process lives."""
    handler = type("MailPage", (MailPage,), {"folder": folder})
    server = ThreadingHTTPServer(("127.0.0.1", port), handler)
    Thread(target=server.serve_forever, daemon=True, name="mail page").start()


def _listed(folder: Path) -> str:
    newest_first = sorted(folder.glob("*.eml"), reverse=True)[:MOST_LISTED]
    rows = "".join(_row(path.stem, mailbox.read(path)) for path in newest_first)
    return _page("Mails", f"<ul>{rows}</ul>" if rows else "<p>Nothing has been sent yet.</p>")


def _row(name: str, mail: EmailMessage) -> str:
    subject, to, date = (_field(mail, field) for field in ("Subject", "To", "Date"))
    return f'<li><a href="/{name}">{subject}</a><br><small>{to} · {date}</small></li>'


def _shown(mail: EmailMessage, name: str) -> str:
    fields = "".join(
        f"<dt>{field}</dt><dd>{_field(mail, field)}</dd>"
        for field in ("From", "To", "Date", "Subject")
    )
    text = html.escape(mailbox.plain_text(mail))
    frame = f'<iframe src="/{name}/html" title="HTML"></iframe>' if _html_of(mail) else ""
    back = '<p><a href="/">All mails</a></p>'
    return _page(
        _field(mail, "Subject"), f"{back}<dl>{fields}</dl>{frame}<h2>Text</h2><pre>{text}</pre>"
    )


def _html_of(mail: EmailMessage) -> str:
    body = mail.get_body(("html",))
    text = "" if body is None else str(body.get_content())
    return f'<base target="_blank">{text}' if text else ""


def _field(mail: EmailMessage, name: str) -> str:
    return html.escape(str(mail.get(name, "")))


def _page(title: str, body: str) -> str:
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport"'
        f' content="width=device-width"><title>{title}</title><style>{STYLE}</style>'
        f"<body><h1>{title}</h1>{body}"
    )
