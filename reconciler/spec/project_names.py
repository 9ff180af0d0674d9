"""What a project may be called, and what becomes of what it may not be."""

from __future__ import annotations

import re

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")


def is_name(text: str) -> bool:
    """Whether a project may be called so."""
    return _NAME.fullmatch(text) is not None


def hint(text: str) -> str:
    """What to write instead of a name that a project can't have."""
    likely = re.sub(r"^[_-]+", "", re.sub(r"[^a-z0-9_-]+", "-", text.lower())).strip("-")
    rule = "it has lowercase letters, digits, '_' and '-', a letter or digit first"
    return f'write "{likely}": {rule}' if likely and len(likely) < 64 else rule


def normalised(text: str) -> str:
    """What Compose makes of any text: lowercase, without what a name can't have; empty, where nothing is left."""
    return re.sub(r"^[_-]+", "", re.sub(r"[^a-z0-9_-]", "", text.lower()))


def project_name(text: str) -> str:
    """A file's or folder's name → a project's, by Compose's rule."""
    return normalised(text) or "default"
