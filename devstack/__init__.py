"""What stands behind bin/demo and bin/test: the whole system, started on one machine.

Nothing here runs in production, and nothing of the product imports it.
"""
