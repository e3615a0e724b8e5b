"""At which host a request was asked, which the gate may have exchanged for the workspace's own."""

from __future__ import annotations

from typing import Any

# The gate notes it here where `X-Tenant-Host` chose the workspace.
HOST = "concierge.host_asked"


def absolute(request: Any, path: str) -> str:
    """Return the address of a path at the host that was asked, in the scheme that it was asked in."""
    host = request.META.get(HOST) or request.get_host()
    return f"{request.scheme}://{host}{path}"
