"""Django's own PostgreSQL backend, with an end to every wait; django-tenants builds on it."""
