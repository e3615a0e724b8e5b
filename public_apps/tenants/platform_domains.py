"""Platforms' own domains, below which no wildcard can be had, and so no workspace an address."""

from __future__ import annotations

# They give a service one name, or a project's names, and nobody but they can add one. Each as its
# documentation has it; the Public Suffix List has more.
PLATFORMS = (
    "amplifyapp.com", "appspot.com", "azurecontainerapps.io", "azurestaticapps.net",
    "azurewebsites.net", "cloudfront.net", "deno.dev", "elasticbeanstalk.com", "firebaseapp.com",
    "fly.dev", "github.io", "gitlab.io", "herokuapp.com", "koyeb.app", "netlify.app",
    "ngrok-free.app", "ngrok.app", "ngrok.io", "now.sh", "ondigitalocean.app", "onrender.com",
    "pages.dev", "railway.app", "replit.app", "run.app", "surge.sh", "trycloudflare.com",
    "vercel.app", "web.app", "workers.dev",
)  # fmt: skip


def platform_of(domain: str) -> str | None:
    """Return the platform's domain that a domain is, or lies below."""
    return next((name for name in PLATFORMS if f".{domain}".endswith(f".{name}")), None)
