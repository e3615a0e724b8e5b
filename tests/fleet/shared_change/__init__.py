"""A release that changes a table in public which every request reads."""
