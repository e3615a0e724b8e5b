"""/votes/ on a tenant's host: what is read, and what is done about it."""
