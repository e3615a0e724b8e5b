"""The settings of the limits: the same gunicorn and database, with next to nothing in between."""

from config.settings import *  # noqa: F403 - the product's, but for what it does with a request

ROOT_URLCONF = "benchmarks.bare_urls"
MIDDLEWARE = ["allauth.account.middleware.AccountMiddleware"]  # allauth starts with no less
