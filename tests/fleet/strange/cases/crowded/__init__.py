"""More tables, indexes and sequences than PostgreSQL has room for in its table of locks."""
