"""Names in mails: never long enough for a message, and nothing that a mail program makes a link of.

Whoever has a workspace can have us write to anybody: what they call themselves must not say "Your
account is closed, see evil.example/login" under our name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

# What a composer's context calls a name that customers have typed.
NAMES = frozenset(
    {"asked_by", "author", "building", "first_name", "invited_by", "name", "organization"}
)
LONGEST = 60
CUT = "…"
# What joins the parts of an address: before letters any of them, and `://` before anything. Full stops
# of other scripts are as good as ours in a host.
JOINTS = re.compile(r"://|(?<=\w)[.\u3002\uff0e\uff61/@:\\](?=[^\W\d_])")
ADDRESS = re.compile(r"[^\s@:/\\]{1,64}@[^\s@:/\\]{1,255}")


def safe(context: Mapping[str, object]) -> dict[str, object]:
    """Return what a template is filled with; customers' names in it as a stranger may read them."""
    return {
        word: _as_name(value) if word in NAMES and isinstance(value, str) else value
        for word, value in context.items()
    }


def _as_name(text: str) -> str:
    # Who has given no name goes by their address, which leads to nothing but a new mail.
    if ADDRESS.fullmatch(text):
        return text
    apart = JOINTS.sub(lambda found: f"{found[0]} ", text)
    return apart if len(apart) <= LONGEST else f"{apart[: LONGEST - 1].rstrip()}{CUT}"
