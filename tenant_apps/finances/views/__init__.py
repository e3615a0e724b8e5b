"""/finances/ on a tenant's host."""
