"""Data that came from several files, and the way back to where each value of it was written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from reconciler.spec.places import value_at
from reconciler.spec.scalar import REST, Placeholder
from reconciler.spec.uses import FromFile, Place

if TYPE_CHECKING:
    from reconciler.spec.diagnostics import Diagnostic, Severity
    from reconciler.spec.document import Document

Step = str | int


class Origin:
    """Where a value stands in a file; and where its parts stand, so far as that is not simply below it.

    Attributes:
        document: the file.
        path: the value's path in it.
        children: where parts of it stand that are not simply below it.
        elsewhere: the value itself if a file of variables gives it, which is named here.
    """

    __slots__ = ("children", "document", "elsewhere", "path")

    def __init__(
        self,
        document: Document,
        path: tuple[Step, ...] = (),
        children: Mapping[Step, Origin] | None = None,
        elsewhere: FromFile | None = None,
    ) -> None:
        self.document = document
        self.path = path
        self.children = children or {}
        self.elsewhere = elsewhere

    def at(self, step: Step) -> Origin:
        """Where the part under this key or index stands."""
        return self.children.get(step) or Origin(self.document, (*self.path, step))

    def find(self, path: tuple[Step, ...]) -> Origin:
        """Where the value at this path stands."""
        origin = self
        for step in path:
            origin = origin.at(step)
        return origin

    def having(self, children: Mapping[Step, Origin]) -> Origin:
        """The same place, with some parts from elsewhere."""
        return Origin(self.document, self.path, {**self.children, **children})

    def diagnostic(
        self, message: str, hint: str = "", *, key: bool = False, severity: Severity = "error"
    ) -> Diagnostic:
        """A problem with what stands here."""
        return self.document.diagnostic(self.path, message, hint, key=key, severity=severity)

    @property
    def place(self) -> Place:
        """Where the value stands, for a person."""
        if self.elsewhere is not None:
            return self.elsewhere.place
        span = self.document.locate(self.path)
        return Place(self.document.name, span.line, span.column)

    @property
    def mark(self) -> str:
        """`!reset` or `!override`, where the value bears such a tag; else empty."""
        return self.document.mark(self.path)


@dataclass(frozen=True, slots=True)
class Part:
    """A value, and where it was written.

    Attributes:
        data: plain data, as `Document.data`.
        origin: where it, and each part of it, was written.
    """

    data: Any
    origin: Origin

    def at(self, step: Step) -> Part:
        """The part under this key or index, which must be there."""
        return Part(self.data[step], self.origin.at(step))

    def get(self, key: str) -> Part | None:
        """The part under this key; None where there is none, or nothing in it."""
        value = self.data.get(key) if isinstance(self.data, dict) else None
        return None if value is None else Part(value, self.origin.at(key))

    def items(self) -> list[tuple[str, Part]]:
        """The parts of a mapping; none of anything else."""
        if not isinstance(self.data, dict):
            return []
        return [(key, Part(value, self.origin.at(key))) for key, value in self.data.items()]

    def elements(self) -> list[Part]:
        """The parts of a list; what is no list is its own only part."""
        if not isinstance(self.data, list):
            return [self]
        return [Part(value, self.origin.at(index)) for index, value in enumerate(self.data)]

    def replaced(self, parts: Mapping[str, Part | None]) -> Part:
        """This mapping with other parts under these keys; None takes a key out."""
        data = {key: value for key, value in self.data.items() if key not in parts or parts[key] is not None}
        given = {key: part for key, part in parts.items() if part is not None}
        data.update({key: part.data for key, part in given.items()})
        return Part(data, self.origin.having({key: part.origin for key, part in given.items()}))

    @property
    def is_incomplete(self) -> bool:
        """Whether it is a mapping in which something may be missing that could not be read."""
        return isinstance(self.data, dict) and isinstance(self.data.get(REST), Placeholder)

    def incomplete(self) -> Part:
        """This mapping, marked as one in which something may be missing that could not be read."""
        return self.replaced({REST: Part(Placeholder(""), self.origin)})


class Written:
    """The text of several files that became one: a `places.Text`.

    Attributes:
        part: what became of them.
    """

    def __init__(self, part: Part) -> None:
        self.part = part

    @cached_property
    def data(self) -> Any:
        """The data as written: variables are not put in."""
        return _written(self.part.data, self.part.origin)

    def diagnostic(
        self, path: tuple[Step, ...], message: str, hint: str = "", *, key: bool = False, severity: Severity = "error"
    ) -> Diagnostic:
        """A problem with the value (or key) at this path."""
        return self.part.origin.find(path).diagnostic(message, hint, key=key, severity=severity)


def _written(value: Any, origin: Origin) -> Any:
    if isinstance(value, dict):
        return {key: _written(one, origin.at(key)) for key, one in value.items()}
    if isinstance(value, list):
        return [_written(one, origin.at(index)) for index, one in enumerate(value)]
    source = value_at(origin.document.data, origin.path)
    return source if isinstance(source, str) else value


def mapping(parts: Mapping[str, Part], origin: Origin) -> Part:
    """A mapping of parts.

    Args:
        parts: by key.
        origin: where the mapping as a whole stands.
    """
    data = {key: part.data for key, part in parts.items()}
    return Part(data, Origin(origin.document, origin.path, {key: part.origin for key, part in parts.items()}))


def sequence(parts: list[Part], origin: Origin) -> Part:
    """A list of parts.

    Args:
        parts: in their order.
        origin: where the list as a whole stands.
    """
    children: dict[Step, Origin] = {index: part.origin for index, part in enumerate(parts)}
    return Part([part.data for part in parts], Origin(origin.document, origin.path, children))
