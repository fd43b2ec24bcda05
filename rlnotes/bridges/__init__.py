"""The road to real models: the book's rewards and losses under TRL (extra `trl`).

Nothing else in the package imports this.
"""
