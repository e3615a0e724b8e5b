"""A tenant's addresses: its subdomain, which it may change, and domains of its own."""
