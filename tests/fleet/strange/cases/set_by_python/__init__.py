"""A setting for one transaction, by a function."""
