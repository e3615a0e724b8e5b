"""What waits for the commit is done in the tenant, and before the next migration."""
