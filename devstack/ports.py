"""Ports on 127.0.0.1: the one asked for, or the one of the last run, or a free one."""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Collection, Mapping

from devstack.run_directory import Memory

# Below the ranges from which Linux (32768) and macOS (49152) number outgoing connections: such a
# connection could otherwise sit on our port just when a part is started again.
FIRST, LAST = 15000, 32000
SPAN = (
    "CONCIERGE_PORTS"  # such as 15000-18999: who shares a machine on purpose shares the ports too
)
ATTEMPTS = 200


class PortTaken(Exception):
    """A port was asked for by name and something else serves on it."""


def is_free(port: int) -> bool:
    """Whether a server could listen on this port of 127.0.0.1 now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def shares(number: int) -> list[str]:
    """Return equal parts of all ports: between two who pick from them no port is picked twice."""
    size = (LAST - FIRST) // number
    starts = [FIRST + index * size for index in range(number)]
    return [f"{start}-{start + size - 1}" for start in starts]


def span_of(environ: Mapping[str, str]) -> range:
    """Return the ports from which a run with this environment picks."""
    first, _, last = environ.get(SPAN, f"{FIRST}-{LAST - 1}").partition("-")
    return range(int(first), int(last) + 1)


def free(*, among: range | None = None, but: Collection[int] = ()) -> int:
    """Return a port on which nothing listens, other than `but`, on which something is about to."""
    among = among or span_of(os.environ)
    for _ in range(ATTEMPTS):
        port = secrets.choice(among)
        if port not in but and is_free(port):
            return port
    raise PortTaken(f"No free port found between {among.start} and {among.stop}.")


def choose(
    name: str,
    *,
    asked: str | None,
    memory: Memory,
    among: range | None = None,
    but: Collection[int] = (),
) -> int:
    """Return the port for `name`: `asked` if given, else the last one if free, else a new one.

    What is not asked for is none of `but`: those are chosen for others that don't listen yet.
    Raises PortTaken if the asked one is not a port, or in use.
    """
    if asked:
        if not asked.isdecimal() or not 0 < int(asked) < 65536:
            raise PortTaken(f"{name}={asked} is not a port number.")
        if not is_free(int(asked)):
            raise PortTaken(f"{name}={asked}: something else already listens on that port.")
        return int(asked)
    remembered = memory.recall(name)
    among = among or span_of(os.environ)
    last = int(remembered) if remembered else 0  # which is none of them
    if last in among and last not in but and is_free(last):
        return last
    port = free(among=among, but=but)
    memory.keep(name, str(port))
    return port
