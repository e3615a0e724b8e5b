"""What anybody may ask the shop about a name."""

from __future__ import annotations

import requests

from tests.customer import Shop


def is_available(shop: Shop, label: str) -> bool:
    """Whether the next buyer can have this name."""
    url = f"{shop.url}/api/billing/subdomains/{label}/"
    answer: bool = requests.get(url, timeout=10).json()["available"]
    return answer
