"""Invoices, credit notes and payments by hand as an accountant and the tax authority want them."""
