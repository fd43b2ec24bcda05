"""Fixtures of the tests of scripts."""

from tests.scripts.interruptions import announce_fsync

__all__ = ["announce_fsync"]
