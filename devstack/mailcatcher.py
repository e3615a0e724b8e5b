"""Takes every mail that the system sends and keeps it as a file, instead of sending it on."""

from __future__ import annotations

import argparse
import asyncio
import secrets
import signal
import time
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

from devstack import mailpage


class Keeper:
    """Writes one `.eml` for each mail; names sort by time of arrival."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        """Keep the mail; it is accepted only once it is whole on the disk."""
        content = envelope.content
        name = f"{time.time_ns():020d}-{secrets.token_hex(4)}"
        draft = self._folder / f".{name}.part"
        draft.write_bytes(content if isinstance(content, bytes) else (content or "").encode())
        draft.rename(self._folder / f"{name}.eml")
        return "250 Kept"


async def serve(*, port: int, folder: Path) -> None:
    """Take mail on 127.0.0.1 until told to stop."""
    folder.mkdir(parents=True, exist_ok=True)
    keeper = Keeper(folder)
    loop = asyncio.get_running_loop()
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    server = await loop.create_server(
        lambda: SMTP(keeper, hostname="localhost", enable_SMTPUTF8=True), "127.0.0.1", port
    )
    async with server:
        await stopped.wait()


def main() -> None:
    """Run the catcher from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--dir", type=Path, required=True)
    parser.add_argument("--page-port", type=int, help="where the mails are shown to a browser")
    options = parser.parse_args()
    if options.page_port:
        mailpage.serve(port=options.page_port, folder=options.dir)
    asyncio.run(serve(port=options.port, folder=options.dir))


if __name__ == "__main__":
    main()
