"""Tests reach nothing but this machine: a guard in every Python process they start."""
