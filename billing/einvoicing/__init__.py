"""Passing documents on to the tax authority: one place at which a provider is attached."""
