"""Networks. Their weights come from a generator that the caller passes in."""
