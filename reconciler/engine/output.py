"""A container's output as it comes, in pieces that know their moment, however its streams were packed."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from typing import TYPE_CHECKING

from reconciler.engine.translation import translate, transport_errors
from reconciler.errors import EngineError
from reconciler.state.output import Written

if TYPE_CHECKING:
    from reconciler.engine.client import Client
    from reconciler.engine.transport import Reply

READ_SECONDS = 60.0
"""Seconds for a read of what has been written already."""

IDLE_SECONDS = 3600.0
"""Seconds of silence after which a follow that hears nothing is a dead one: whoever follows asks again."""

_CHUNK = 1 << 16
_STREAMS = ("stdout", "stdout", "stderr", "system")
_STAMP = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}(?:Z|[+-]\d\d:\d\d) ")
_LONGEST_PART = 16384
"""Bytes: the Engine keeps longer lines in parts of this size, and puts a moment before each."""


def output(
    client: Client,
    container: str,
    *,
    tty: bool,
    follow: bool = False,
    since: str = "",
    until: str = "",
    tail: str = "all",
) -> Iterator[Written]:
    """What a container wrote to either stream, in the order in which the Engine kept it.

    Args:
        client: the Engine.
        container: its ID.
        tty: whether it has a terminal: its output is packed in another way then.
        follow: go on with what it writes, until it ends.
        since: seconds since 1970, with nine digits after the point; what was written then comes too. Empty: the start.
        until: likewise, as the end.
        tail: how many lines of the end, or `all`.

    Raises:
        EngineError: the call failed, its answer broke off, or the container's logging driver can't be read.
    """
    wait = IDLE_SECONDS if follow else READ_SECONDS
    path = f"/containers/{container}/logs"
    params = {
        "stdout": True,
        "stderr": True,
        "timestamps": True,
        "follow": follow,
        "since": since or None,
        "until": until or None,
        "tail": tail,
    }
    with client.open(path, params, wait=wait) as response:
        chunks = _chunks(response, str(client.endpoint), f"GET {path}", wait)
        yield from _of_terminal(chunks) if tty else _of_streams(chunks)


def _chunks(response: Reply, address: str, call: str, wait: float) -> Iterator[bytes]:
    try:
        while chunk := response.read1(_CHUNK):
            yield chunk
    except transport_errors() as error:
        raise translate(error, address=address, call=call, seconds=wait) from error


def _of_streams(chunks: Iterator[bytes]) -> Iterator[Written]:
    """Each piece has eight bytes before it: its stream, and its length."""
    data, moment = b"", ""
    for chunk in chunks:
        data += chunk
        at = 0
        while len(data) - at >= 8:
            number, size = struct.unpack_from(">BxxxL", data, at)
            if len(data) - at - 8 < size:
                break
            text = data[at + 8 : at + 8 + size]
            at += 8 + size
            stream = _STREAMS[number] if number < len(_STREAMS) else "stdout"
            if stream == "system":
                raise EngineError(f"the Engine can't read on: {text.decode(errors='replace').strip()}")
            piece = _piece(text, stream, moment)
            moment = piece.moment
            yield piece
        data = data[at:]


def _of_terminal(chunks: Iterator[bytes]) -> Iterator[Written]:
    """Nothing but the pieces themselves: each ends with its line, or at the length of the longest."""
    data, moment = b"", ""
    for chunk in chunks:
        data += chunk
        at = 0
        while end := _end_of_piece(data, at):
            piece = _piece(data[at:end], "stdout", moment)
            moment, at = piece.moment, end
            yield piece
        data = data[at:]
    if data:
        yield _piece(data, "stdout", moment)


def _end_of_piece(data: bytes, at: int) -> int:
    """Where the piece that begins at `at` ends; 0 where it is not whole yet."""
    stamp = _STAMP.match(data, at)
    longest = (stamp.end() if stamp else at) + _LONGEST_PART
    newline = data.find(b"\n", at, longest)
    if newline >= 0:
        return newline + 1
    return longest if len(data) >= longest else 0


def _piece(text: bytes, stream: str, moment: str) -> Written:
    """A piece without its moment before it; where it has none, it is that of the one before."""
    stamp = _STAMP.match(text)
    if stamp is None:
        return Written(moment, text, stream)
    return Written(stamp[0].decode().rstrip(), text[stamp.end() :], stream)
