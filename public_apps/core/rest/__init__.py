"""What every resource of the tenant API shares: pages, versions, single writes, descriptions."""
