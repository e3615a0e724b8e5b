"""A constraint that can be put off, but is not: its error comes at once."""
