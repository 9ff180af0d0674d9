"""A snapshot as JSON's types and back: every field of it, so that one that is added comes along."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any

from pydantic import TypeAdapter

from reconciler.state.snapshot import Snapshot

_FILES = frozenset(["sources", "contexts", "archives", "contents", "revealed"])
"""Fields that tell of the spec's own files, secrets among them: they are read where the plan is made."""


def snapshot_data(snapshot: Snapshot) -> dict[str, Any]:
    """The snapshot in JSON's types, without what tells of the spec's own files; sets are sorted lists."""
    return {one.name: _plain(getattr(snapshot, one.name)) for one in fields(snapshot) if one.name not in _FILES}


def snapshot_of(data: Mapping[str, Any]) -> Snapshot:
    """The snapshot that was written so.

    Raises:
        ValueError: it was not.
    """
    return _reader().validate_python(dict(data))


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        return {one.name: _plain(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, frozenset | set):
        return sorted(value)
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


@cache
def _reader() -> TypeAdapter[Snapshot]:
    return TypeAdapter(Snapshot)
