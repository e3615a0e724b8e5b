"""Writes about money: drafts, issuing, payments, corrections. Each is one transaction.

Who locks what, in this order, so that nobody waits in a circle: the month, the apartments, the accounts
(each kind by rising key). An expense takes its month's lock, so it comes before an issue or is refused.
"""
