"""A tenant's data in one file: written while it is in use, read back only after it is proven."""
