"""A deployment examined from inside: what is well, what is not, and what to do."""
