"""What a conversion comes to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Conversion:
    """A spec in the native form, and what could not be carried over.

    Attributes:
        data: plain data, as it would stand in YAML: `name`, `containers`, `networks`, `volumes`. Its texts are
            templates: `${NAME}` is a variable, `$$` a dollar.
        notes: what a person must know about it, one line each.
    """

    data: dict[str, Any]
    notes: tuple[str, ...]
