"""A migration without a transaction that takes its time."""
