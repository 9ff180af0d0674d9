"""The lists that an observation takes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

LISTS: tuple[tuple[str, Mapping[str, Any] | None], ...] = (
    ("/containers/json", {"all": "1"}),
    ("/networks", None),
    ("/volumes", None),
    ("/images/json", None),
)
"""One of each kind: paths and queries."""
