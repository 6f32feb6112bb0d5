"""Keys that stand in texts which are stored or shown."""

import re

KEY_IN_TEXT = re.compile(r"t2v_[0-9a-z]+_[A-Za-z0-9_-]{8,}")
"""Finds keys, also cut ones, wherever they stand in a text."""


def without_keys(text: str) -> str:
    """Return a text in which nobody can read a key."""
    return KEY_IN_TEXT.sub("[redacted]", text)
