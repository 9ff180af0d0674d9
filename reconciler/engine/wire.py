"""What goes over the wire, and what comes back: queries, replies, a container's output."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from reconciler.engine.translation import unreadable

if TYPE_CHECKING:
    from reconciler.engine.transport import Reply


def encoded(params: Mapping[str, Any] | None) -> dict[str, Any]:
    """A query as the Engine reads it: mappings as JSON, true and false, None left out."""
    query: dict[str, Any] = {}
    for name, value in (params or {}).items():
        if isinstance(value, Mapping):
            query[name] = json.dumps(_filters(value) if name == "filters" else value)
        elif isinstance(value, bool):
            query[name] = "true" if value else "false"
        elif value is not None:
            query[name] = value
    return query


def _filters(filters: Mapping[str, Any]) -> dict[str, list[str]]:
    # The Engine takes lists of texts only, and drops what is not such a list.
    lists: dict[str, list[str]] = {}
    for name, value in filters.items():
        values = [value] if isinstance(value, str | bool | int) else value
        lists[name] = [str(one).lower() if isinstance(one, bool) else str(one) for one in values]
    return lists


def demultiplexed(data: bytes) -> bytes:
    """A container's output: both streams in the order they were written.

    Without a terminal each piece has eight bytes before it, with one there are none. Older Engines do not
    say which it is, so it is read off: to be taken for pieces, all of it must fall into whole ones.
    """
    pieces, at = [], 0
    while at < len(data):
        if len(data) - at < 8:
            return data
        stream, size = struct.unpack_from(">BxxxL", data, at)
        if stream > 2 or data[at + 1 : at + 4] != b"\0\0\0" or at + 8 + size > len(data):
            return data
        pieces.append(data[at + 8 : at + 8 + size])
        at += 8 + size
    return b"".join(pieces)


def decoded(response: Reply, text: bytes, call: str) -> Any:
    """What a reply that says success holds: its JSON, or None where the call has nothing to say."""
    status = response.status
    if status in (204, 304):
        if response.method == "GET":
            raise unreadable(call, status, "it is empty")
        return None
    if not text.strip():
        # Some calls have nothing to say. One that asked, or that announces JSON, has, and it was lost.
        if response.method == "GET" or "json" in response.headers.get("Content-Type", ""):
            raise unreadable(call, status, "it is empty")
        return None
    try:
        return json.loads(text)
    except ValueError as error:
        raise unreadable(call, status, "it is not JSON") from error
