"""Texts that are not to be told, as digests: equal texts have equal ones, as long as the salt is the same."""

from __future__ import annotations

import hashlib

PREFIX = "salted:sha256:"
"""Begins a text that stands for another one."""


def salted(text: str, salt: str) -> str:
    """What stands for a text.

    The salt keeps digests of two snapshots from being compared, and tables of common words from being used. A short
    text can still be guessed by who has the salt.
    """
    return f"{PREFIX}{hashlib.sha256(f'{salt}:{text}'.encode()).hexdigest()}"


def is_salted(text: str) -> bool:
    """Whether a text stands for another one."""
    return text.startswith(PREFIX)
