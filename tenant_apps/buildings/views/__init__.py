"""/buildings/ on a tenant's host."""
