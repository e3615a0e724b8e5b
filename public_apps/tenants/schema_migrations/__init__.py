"""Bringing schemas to this code's head, one new one or thousands of old ones, by one and the same way.

`head` says what head is, `applied` who has applied what, `plan` what is left to do (once for all
schemas that have applied the same), `executor` does it in one schema, and `post_migrate` adds the rows
that Django's receivers would, and calls others'. docs/decisions/migration-engine.md tells why it is
right and fast.
"""
