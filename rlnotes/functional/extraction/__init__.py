"""Rewards for reading an invoice: what its fields, sums and formats are worth."""
