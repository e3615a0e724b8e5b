"""Asking people to join: by mail, for a while, once."""
