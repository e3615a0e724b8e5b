"""Histories, one a folder."""
