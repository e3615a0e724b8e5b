"""A release that changes the very tables that people are working in."""
