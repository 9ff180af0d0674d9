"""Which projects there are by what was read, beside those that were there before. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.errors import SpecError

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.errors import ReconcilerError
    from reconciler.spec.model import Spec

Files = tuple["Path", ...]


@dataclass(frozen=True, slots=True)
class Read:
    """One project, as its files say this time.

    Attributes:
        files: that it was read from; where none was found, the folder that was looked into.
        spec: what it wants; None where it is invalid.
        error: what is wrong; None where it is valid.
        reads: all files that had a part in it.
    """

    files: Files
    spec: Spec | None = None
    error: ReconcilerError | None = None
    reads: tuple[Path, ...] = ()

    @property
    def file(self) -> str:
        """Its files, for a person."""
        return ", ".join(map(str, self.files))

    @property
    def broken(self) -> str:
        """Where it is broken first, without what stands there; empty where it is valid."""
        if self.error is None:
            return ""
        problems = self.error.diagnostics if isinstance(self.error, SpecError) else ()
        return next((one.place for one in problems if one.severity == "error"), self.file)


@dataclass(frozen=True, slots=True)
class Found:
    """What is to be done about the projects.

    Attributes:
        valid: what was read of each project, by its name.
        broken: what is invalid, with the name of the project that was last read from there; empty for none.
        missing: projects of which no file says anything any more.
        renamed: projects whose file has the spec of another one now.
    """

    valid: Mapping[str, Read]
    broken: Sequence[tuple[str, Read]]
    missing: frozenset[str]
    renamed: frozenset[str]


def sorted_out(known: Mapping[str, Files], reads: Sequence[Read]) -> Found:
    """What was read, by project.

    A project is known by its name: its file may be renamed. While something can't be read of which nobody knows whose
    it is, nothing is missing: it may be just that.

    Args:
        known: the files of each project, as last read.
        reads: what was read now.
    """
    valid = {read.spec.name: read for read in reads if read.spec}
    by_files = {files: name for name, files in known.items()}
    broken = [(by_files.get(read.files, ""), read) for read in reads if read.error]
    kept = {name for name, _ in broken}
    gone = known.keys() - valid.keys() - kept
    taken = {read.files for read in valid.values()}
    renamed = frozenset(name for name in gone if known[name] in taken)
    missing = frozenset() if "" in kept else frozenset(gone - renamed)
    return Found(valid, broken, missing, renamed)
