"""Invoices and receipts of our own making, with the JSON that they say."""
