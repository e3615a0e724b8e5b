"""Bringing schemas to this code's head, one new one or thousands of old ones, by one and the same way.

`head` says what head is, `probe` who has applied what, `plan` what is left to do (once for all
schemas that have applied the same), `run` does it in one schema, and `effects` adds the rows that
Django's `post_migrate` would. docs/decisions/migration-engine.md tells why it is right and fast.
"""
