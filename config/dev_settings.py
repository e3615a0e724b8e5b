"""The product's settings, but that a template is read each time: bin/dev's web and worker use them."""

from config.settings import *  # noqa: F403 - all as it is, and one change
from config.settings import TEMPLATES as PRODUCTS_TEMPLATES

# With DEBUG, too, Django keeps templates in memory; its own server forgets them when one changes.
TEMPLATES = [
    {
        **engine,
        "APP_DIRS": False,
        "OPTIONS": {
            **engine["OPTIONS"],  # type: ignore[dict-item]  # a dict, as Django's engines have it
            "loaders": [
                "django.template.loaders.filesystem.Loader",
                "django.template.loaders.app_directories.Loader",
            ],
        },
    }
    for engine in PRODUCTS_TEMPLATES
]
