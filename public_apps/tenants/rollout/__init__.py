"""Bringing every schema to this code's head, while old and new code serve: `manage.py migrate_fleet`.

`public` migrates the shared schema, `survey` asks who is behind, `crew` does the work in processes,
`records` writes down how each fared, `release` is the whole story. The work in one schema is the
engine's.
"""
