"""A stand-in for Stripe on one machine: its HTTP API, its pay page and its webhooks, in a process.

Knows nothing of the product, and nothing of the product knows it: they meet over HTTP only.
"""
