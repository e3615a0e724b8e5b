"""A DNS server on loopback, with the zones that a test writes into it."""

from __future__ import annotations

import socketserver
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

import dns.flags
import dns.message
import dns.rcode
import dns.rrset


class NameServer:
    """Answers over UDP for names that have records, NXDOMAIN for others, or not at all."""

    def __init__(self) -> None:
        self.records: dict[tuple[str, str], list[str]] = {}
        self.is_broken = False
        self.asked = 0
        self._server = socketserver.ThreadingUDPServer(("127.0.0.1", 0), self._handler())
        self.address = f"127.0.0.1:{self._server.server_address[1]}"

    def set(self, name: str, kind: str, *values: str) -> None:
        """Put records in place of those of this name and kind; aliases are absolute."""
        dot = "." if kind == "CNAME" else ""
        self.records[name, kind] = [each.rstrip(".") + dot for each in values]

    def forget(self, name: str) -> None:
        """Remove a name with all of its records."""
        self.records = {key: each for key, each in self.records.items() if key[0] != name}

    @contextmanager
    def serving(self) -> Iterator[NameServer]:
        """Answer until the end of the block."""
        thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()
            thread.join()

    def answer(self, wire: bytes) -> bytes:
        """Return the answer to a question."""
        self.asked += 1
        query = dns.message.from_wire(wire)
        response = dns.message.make_response(query)
        response.flags |= dns.flags.RA
        if self.is_broken:
            response.set_rcode(dns.rcode.SERVFAIL)
            return response.to_wire()
        question = query.question[0]
        name = question.name.to_text(omit_final_dot=True).lower()
        kind = question.rdtype.name
        if not any(known == name for known, _kind in self.records):
            response.set_rcode(dns.rcode.NXDOMAIN)
        alias = self.records.get((name, "CNAME"))
        for found, values in ((kind, self.records.get((name, kind))), ("CNAME", alias)):
            if values and not response.answer:
                texts = [f'"{each}"' if found == "TXT" else each for each in values]
                rows = dns.rrset.from_text(question.name, 60, "IN", found, *texts)
                response.answer.append(rows)
        return response.to_wire()

    def _handler(self) -> type[socketserver.DatagramRequestHandler]:
        zone = self

        class Handler(socketserver.DatagramRequestHandler):
            def handle(self) -> None:
                self.wfile.write(zone.answer(self.rfile.read()))

        return Handler
