"""What configs and secrets hold, and what of this machine's files the Engine sees; values, as they were observed."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Held:
    """What a config or secret holds.

    Attributes:
        digest: of the content: `sha256:…`; of a secret `KEY:…`, made with the digest key of that ID.
        data: the content; never printed.
        problem: why there is none; empty where there is.
        hint: what to do about that.
    """

    digest: str = ""
    data: bytes = field(default=b"", repr=False)
    problem: str = ""
    hint: str = ""


def key_of(digest: str) -> str:
    """The ID of the key that a secret's digest was made with."""
    return digest.partition(":")[0]


@dataclass(frozen=True, slots=True)
class View:
    """This machine as the Engine sees it.

    Attributes:
        mounts: folders that it sees: path here → path there; the longest path here first. None where it is elsewhere.
        folder: where files for the project's containers lie, here; empty where there is no place for them.
        files: the names of those that are there.
        user: the ID of who writes them.
        elsewhere: whether the Engine is at an address of a network.
        contained: whether we run in a container of this Engine, so that `mounts` are all that it sees.
    """

    mounts: tuple[tuple[str, str], ...] = ()
    folder: str = ""
    files: frozenset[str] = frozenset()
    user: int = 0
    elsewhere: bool = False
    contained: bool = False

    def there(self, path: str) -> str:
        """Where the Engine sees a file of this machine; empty where it does not."""
        for here, there in self.mounts:
            if path == here or path.startswith(f"{here.rstrip('/')}/"):
                return posixpath.join(there, path[len(here) :].lstrip("/")).rstrip("/")
        return ""

    def name_of(self, source: str) -> str:
        """The name of one of the project's files, by the path that the Engine knows it by; empty for any other."""
        folder = self.there(self.folder) if self.folder else ""
        within, name = posixpath.split(source)
        return name if folder and within == folder else ""
