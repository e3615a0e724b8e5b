"""How a tenant leaves: archived when its time is over, or erased because its owner wants that."""
