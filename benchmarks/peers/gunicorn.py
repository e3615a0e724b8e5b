"""Ours, but for what our processes do beside their requests."""

from config.gunicorn import *  # noqa: F403 - the same workers, threads and patience
from config.gunicorn import post_worker_init

del post_worker_init
