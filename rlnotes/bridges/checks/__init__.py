"""What the pre-flight report is made of: small functions, each one line of it."""
