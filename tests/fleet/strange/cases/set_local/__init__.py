"""A setting for one transaction: the next migration must not have it."""
