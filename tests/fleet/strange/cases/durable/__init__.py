"""Code that insists on a transaction of its own."""
