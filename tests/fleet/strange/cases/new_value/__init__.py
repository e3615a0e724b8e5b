"""A type that gets one more value, which the next migration uses."""
