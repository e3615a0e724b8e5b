"""A key whose row comes later, which a deferred constraint bears until the commit."""
