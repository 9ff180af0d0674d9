"""One container's output over several calls, without a line lost or told twice."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from reconciler.state.output import unix_time

if TYPE_CHECKING:
    from reconciler.ports import Outputs
    from reconciler.state.snapshot import ContainerState

_LONGEST_LINE = 1 << 20
"""Bytes: a longer line is told in parts, so that a binary file in a log needs no more memory than this."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a container's output.

    Attributes:
        source: who wrote it: the resource and the number of the replica, `web-1`.
        moment: when, RFC 3339.
        text: without the line's end.
    """

    source: str
    moment: str
    text: bytes


@dataclass(slots=True)
class Reader:
    """Reads one container; each call of `lines` goes on where the one before ended.

    Attributes:
        engine: where it is.
        container: which one.
        since: where the first call begins: seconds since 1970; empty for the start.
        until: where all end; empty for no end.
        tail: how many lines of what is there the first call reads, or `all`.
    """

    engine: Outputs
    container: ContainerState
    since: str = ""
    until: str = ""
    tail: str = "all"
    _last: str = ""
    _at_last: int = 0
    _began: bool = False
    _open: dict[str, bytes] = field(default_factory=lambda: defaultdict(bytes))

    @property
    def source(self) -> str:
        """How its lines are told from others': the same before and after a replacement."""
        return f"{self.container.resource}-{self.container.replica}"

    def lines(self, *, follow: bool = False) -> Iterator[Line]:
        """What it has written since the last call; with `follow`, also what it writes until it ends."""
        none = self.tail == "0" and not self._began
        # To begin at the end one must know where that is: the last line is read, and kept back.
        tail = "all" if self._began else "1" if none else self.tail
        since = unix_time(self._last) if self._last else self.since
        known, self._began = self._at_last if self._last else 0, True
        moment = self._last
        pieces = self.engine.output(self.container, follow=follow, since=since, until=self.until, tail=tail)
        for piece in pieces:
            if known and piece.moment == moment:
                known -= 1  # the Engine begins with what was written at that very moment
                continue
            self._at_last = self._at_last + 1 if piece.moment == self._last else 1
            self._last = piece.moment
            if none:
                continue
            text = self._open.pop(piece.stream, b"") + piece.text
            if text.endswith(b"\n") or len(text) > _LONGEST_LINE:
                yield Line(self.source, piece.moment, text.removesuffix(b"\n").removesuffix(b"\r"))
            else:
                self._open[piece.stream] = text
        for stream in list(self._open):
            yield Line(self.source, self._last, self._open.pop(stream))
