"""Which variables made values what they are, and who gave the variables; never with their values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

from reconciler.spec.places import value_at

if TYPE_CHECKING:
    from reconciler.spec.document import Document

Giver = Literal["environment", "file", "default", "project", "nobody"]
Path_ = tuple[str | int, ...]

PROJECT_NAME = "COMPOSE_PROJECT_NAME"
"""The variable that a load itself sets."""


class Place(NamedTuple):
    """A place in a file; line and column from 1."""

    file: str
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Use:
    """A variable that had a part in a value.

    Attributes:
        name: the variable.
        giver: where its value is from: the process's environment, a file, the project's name; `default` where it was
            not set and the template says what stands there then; `nobody` where nothing does.
        place: in the file that gives it.
    """

    name: str
    giver: Giver
    place: Place | None = None


class FromFile(str):
    """The value of a variable that a file of variables gives.

    Attributes:
        place: where it stands there.
        uses: the variables that it has in it itself.
    """

    __slots__ = ("place", "uses")

    place: Place
    uses: tuple[Use, ...]

    def __new__(cls, value: str, place: Place, uses: tuple[Use, ...] = ()) -> FromFile:
        """A value that stands at this place."""
        self = super().__new__(cls, value)
        self.place = place
        self.uses = uses
        return self


def use_of(name: str, value: str) -> Use:
    """The use of a variable that has this value."""
    if isinstance(value, FromFile):
        return Use(name, "file", value.place)
    return Use(name, "project" if name == PROJECT_NAME else "environment")


class Uses:
    """The variables of one load, by the place of the values in which they are used."""

    def __init__(self) -> None:
        self._found: dict[Document, dict[Path_, dict[Use, None]]] = {}

    def add(self, document: Document, path: Path_, use: Use) -> None:
        """Notes that the value at this path of the file has this variable in it."""
        self._found.setdefault(document, {}).setdefault(path, {})[use] = None

    def of(self, document: Document, path: Path_) -> tuple[Use, ...]:
        """The variables of the value at this path, and of all below it; in their order."""
        found = self._found.get(document, {})
        if path in found or isinstance(value_at(document.data, path), str):
            return tuple(found.get(path, ()))
        return tuple({use: None for one, uses in found.items() if one[: len(path)] == path for use in uses})
