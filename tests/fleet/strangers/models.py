"""Historical models alone."""
